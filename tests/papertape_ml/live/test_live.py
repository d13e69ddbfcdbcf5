"""What a model said in sessions: the figures are those of its predictions made anew, and drift is seen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.papertape_ml.promotion import versions
from tests.papertape_ml.training import market

from papertape.cli.root import Entry, Root
from papertape.ledger.records import FillRow
from papertape.ledger.store import Ledger
from papertape_ml.judging.claims import claims_of
from papertape_ml.judging.scores import accuracy, log_loss
from papertape_ml.live.drift import drifts
from papertape_ml.live.figures import reliability, windows
from papertape_ml.live.predictions import answering, sessions_of, told
from papertape_ml.live.shadow import shadow_trades
from papertape_ml.promotion.evidence import answers, evidence_of, feature_set
from papertape_ml.training.trained import manifest_of

TABLE = {
    "models": Entry("papertape_ml.commands.models", "models", ""),
    "run": Entry("papertape.cli.run", "run", ""),
}
SESSION = """
feed = {{ kind = "replay", sources = ["{folder}/sim_AAA-USDT_1m.parquet"] }}
models = {{ kind = "registry", path = "{folder}/models" }}
strategies = [ {{ kind = "classifier", model = "signal@1", confidence = 0.8 }}, {{ kind = "buy-and-hold" }} ]
"""
BARS = 3_000


def run(*arguments: object) -> str:
    done = CliRunner().invoke(Root("papertape", table=TABLE), list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a registry, candles, and a ledger in which a session asked version 1."""
    folder = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPERTAPE_HOME", str(folder / "home"))
        versions.registry(folder, versions.trained(), versions.trained(edge=0.0)).close()
        versions.candle_file(folder)
        (folder / "session.toml").write_text(SESSION.format(folder=folder))
        run("run", folder / "session.toml", "--bars", BARS, "--json")
        yield folder


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{home}/home/ledger.db") as opened:
        yield opened


def test_figures_are_those_of_the_same_predictions_made_anew(home: Path, ledger: Ledger) -> None:
    [session] = sessions_of(ledger, "signal")
    [line] = told(ledger, "signal", [session])
    assert (line.version, line.claim, line.steps) == (1, "direction", 2)
    assert line.outputs == ("buy_probability", "sell_probability", "hold_probability")
    [subject] = versions.subjects(versions.registry(home), home)[:1]
    candles = {"A": market.candles(versions.EDGE, versions.ALL)["A"][:, :BARS]}
    evidence = evidence_of(candles, "1m", subject.label, 0, 1 << 60)
    wanted = feature_set(subject, market.catalogue(), ("A",), None)
    said = answers(subject, wanted, evidence)
    [claim] = claims_of(evidence.label, subject.manifest.contract.outputs)
    common = np.isin(evidence.t0, line.at)
    assert common.sum() > 0.95 * BARS and (line.known.sum() == common.sum())
    chances = claim.probabilities(said)[common]
    assert np.array_equal(line.said[line.known], chances), "to the bit"
    happened = claim.happened(evidence.label, evidence.y)[common]
    assert np.array_equal(line.happened[line.known, 0], happened)
    found = windows(line)
    assert (found["all"].predictions, found["all"].completed) == (len(line.at), int(common.sum()))
    assert found["all"].figures["logloss"] == pytest.approx(log_loss(chances, happened), abs=1e-12)
    assert found["all"].figures["accuracy"] == pytest.approx(accuracy(chances, happened), abs=1e-12)
    assert found["24 hours"].predictions == 1_440 and found["7 days"].predictions == len(line.at)


def test_the_prior_knows_what_had_happened_by_then_and_no_more(ledger: Ledger) -> None:
    [line] = told(ledger, "signal", sessions_of(ledger, "signal"))
    places = np.flatnonzero(line.known)
    losses = []
    for place in places.tolist():
        before = line.happened[places[line.until[places] <= line.at[place]], 0].astype(int)
        counts = np.bincount(before, minlength=3) + 1.0
        losses.append(-np.log(counts[int(line.happened[place, 0])] / counts.sum()))
    assert windows(line)["all"].figures["prior_logloss"] == pytest.approx(np.mean(losses), abs=1e-12)
    gain_low = windows(line)["all"].figures["gain_low"]
    assert gain_low is not None and gain_low > 0.1, "the planted edge is seen"


def test_reliability_counts_every_completed_prediction(ledger: Ledger) -> None:
    [line] = told(ledger, "signal", sessions_of(ledger, "signal"))
    bins = reliability(line)
    assert sum(each.rows for each in bins) == line.known.sum()
    assert all(each.low < each.promised <= each.high for each in bins)
    overall = sum(each.happened * each.rows for each in bins) / line.known.sum()
    assert overall == pytest.approx(windows(line)["all"].figures["accuracy"])


def test_trades_of_a_version_are_those_of_the_book_that_asked_it(home: Path, ledger: Ledger) -> None:
    [session] = sessions_of(ledger, "signal")
    [served] = answering(ledger, session)
    assert (served.reference, served.name, served.version, served.by) == ("signal@1", "signal", 1, ("classifier",))
    mine = [row.at for row in ledger.rows(session, FillRow) if row.book == "classifier" and row.profit is not None]
    url = f"sqlite:///{home}/home/ledger.db"
    assert shadow_trades(url, served.checksum, 0) == len(mine) > 0
    middle = mine[len(mine) // 2]
    assert shadow_trades(url, served.checksum, middle) == sum(at > middle for at in mine) < len(mine)
    assert shadow_trades(url, "sha256:" + "0" * 64, 0) == 0
    assert shadow_trades(f"sqlite:///{home}/nowhere.db", served.checksum, 0) == 0


def test_a_trade_that_a_replay_makes_again_counts_once(home: Path, ledger: Ledger) -> None:
    [served] = answering(ledger, sessions_of(ledger, "signal")[0])
    file = f"sqlite:///{home}/again.db"
    for _ in range(2):
        run("run", home / "session.toml", "--bars", 400, "--db", file, "--json")
    with Ledger.open(file) as again:
        made = [
            sum(row.book == "classifier" and row.profit is not None for row in again.rows(each, FillRow))
            for each in sessions_of(again, "signal")
        ]
    assert len(made) == 2 and made[0] == made[1] == shadow_trades(file, served.checksum, 0) > 0


def test_features_of_another_market_are_seen_to_be_other() -> None:
    manifest = manifest_of(versions.trained(), "signal", 1)
    same = market.candles(versions.EDGE, versions.ALL)
    assert not any(each.far for each in drifts(manifest, same, market.wanted()))
    wild = same["A"].copy()
    wild[1:5] = 100.0 * np.exp(5.0 * np.log(wild[1:5] / wild[1, 0]))
    found = drifts(manifest, {"A": wild}, market.wanted())
    assert found[0].feature == "returns_1" and found[0].far
    assert not next(each for each in found if each.feature == "hour_sin").far


def document(home: Path, *arguments: object) -> dict[str, Any]:
    place = ("--registry", home / "models", "--json")
    found: dict[str, Any] = json.loads(run("models", "show", *arguments, *place))
    return found


def test_show_live_says_it_all(home: Path) -> None:
    found = document(home, "signal", "--live")
    [claim] = found["claims"]
    assert claim["windows"]["all"]["figures"]["gain_low"] > 0.1
    assert found["drift"]["problem"] is None
    assert {each["feature"] for each in found["drift"]["features"]} == set(market.NAMES)
    assert claim["learned"] > 0 and claim["predictions"] > claim["learned"], "part of the session had been learned from"
    text = run("models", "show", "signal", "--live", "--registry", home / "models")
    assert "signal@1, direction" in text and "PSI" in text and "had learned from" in text
    assert document(home, "signal@1", "--live", "--session", found["sessions"][0])["claims"] == [claim]


def test_where_nothing_was_said_show_live_says_how_to_begin(home: Path, tmp_path: Path) -> None:
    assert "papertape run --strategy classifier:model=signal@champion" in document(
        home, "signal@2", "--live", "--db", f"sqlite:///{home}/home/ledger.db"
    ).get("problem", "")
    nowhere = document(home, "signal", "--live", "--db", f"sqlite:///{tmp_path}/none.db")
    assert "there is no ledger" in nowhere["problem"] and nowhere["claims"] == []
