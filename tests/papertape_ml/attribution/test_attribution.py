"""What members of a fusion contributed, out of recorded sessions."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.engine.hosted import SIM, plugins, run

from papertape.broker.money import plain
from papertape.cli.root import Entry, Root
from papertape.contract.errors import RequestError, SessionDiffers
from papertape.engine.config import read_config
from papertape.engine.models import models_of
from papertape.ledger.records import SignalRow
from papertape.ledger.store import Ledger
from papertape_ml.attribution import Attribution, attribute
from papertape_ml.attribution.ensemble import Ensemble
from papertape_ml.attribution.votes import Votes, heard_again

SILENT = """
from papertape import Strategy


class Silent(Strategy):
    keeps = ()

    def on_snapshot(self, snapshot):
        return []
"""
TIMED = """
from papertape import Signal, Strategy


class Timed(Strategy):
    \"\"\"Says the same again and again, for two candles at a time; breaks in the middle.\"\"\"

    keeps = ()

    def on_snapshot(self, snapshot):
        if 200 <= snapshot.batch < 205:
            raise ValueError("no more")
        if snapshot.batch % 7 < 4:
            yield Signal.buy(snapshot.symbols[0], valid_for=120_000)
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger with a session of two fusions: one member that never speaks, one that is quarantined."""
    folder = tmp_path_factory.mktemp("attribution")
    (folder / "silent.py").write_text(SILENT)
    (folder / "timed.py").write_text(TIMED)
    strategies = ["ema-cross", "rsi-reversion", str(folder / "silent.py"), str(folder / "timed.py")]
    config = read_config({
        "feed": {**SIM, "warmup": 50}, "bars": 400, "strategies": strategies,
        "fusion": [{"kind": "weighted-vote", "threshold": 0.3}, {"kind": "bayesian"}],
    })  # fmt: skip
    run(f"sqlite:///{folder}/ledger.db", config, every=100)
    run(f"sqlite:///{folder}/ledger.db", read_config({"feed": SIM, "bars": 5, "strategies": ["ema-cross"]}), name="b")
    return f"sqlite:///{folder}/ledger.db"


def found(url: str, fusion: str | None = "weighted-vote", **asked: Any) -> Attribution:
    with Ledger.open(url) as ledger:
        return attribute(ledger, ledger.find("a"), plugins(), fusion, **asked)


def votes(ledger: Ledger, fusion: str) -> Votes:
    return heard_again(ledger, ledger.find("a"), plugins(), fusion)


@pytest.mark.parametrize("fusion", ["weighted-vote", "bayesian"])
def test_contributions_add_up_and_one_that_is_never_heard_has_none(url: str, fusion: str) -> None:
    made = found(url, fusion)
    assert list(made.contributions) == ["ema-cross", "rsi-reversion", "silent", "timed"]
    assert sum(made.contributions.values()) == made.total != 0
    assert (made.coalitions, made.orders) == (15, None)
    if fusion == "bayesian":  # a silent member is left out there, and counts against in the other
        assert made.contributions["silent"] == made.alone["silent"] == 0


def test_the_total_is_what_the_recorded_votes_come_to_by_hand(url: str) -> None:
    made = found(url)
    with Ledger.open(url) as ledger:
        heard = votes(ledger, "weighted-vote")
        signals = [row for row in ledger.rows("a", SignalRow) if row.source == "weighted-vote"]
    stake = 1 / len(heard.symbols)
    total = 0.0
    for place, symbol in enumerate(heard.symbols):
        said = {row.batch: int(row.action == "buy") for row in signals if row.symbol == symbol}
        side = wanted = 0
        for batch, close in enumerate(heard.closes[:, place]):
            if batch:
                total += stake * side * (close / heard.closes[batch - 1, place] - 1)
            wanted = said.get(batch, wanted)
            now = wanted if batch >= heard.warmed else 0
            total -= stake * abs(now - side) * 0.001
            side = now
    assert float(made.total) == pytest.approx(total, abs=1e-11)


def test_nobody_votes_while_nothing_is_traded(url: str) -> None:
    with Ledger.open(url) as ledger:
        heard = votes(ledger, "bayesian")
        assert heard.warmed == 50 and heard.closes.shape == (450, 2)
        assert {vote.traded for vote in heard.votes if vote.batch < 50} <= {False}
        assert {vote.traded for vote in heard.votes if vote.batch >= 50} == {True}


def test_a_member_that_was_quarantined_leaves_the_council(url: str) -> None:
    with Ledger.open(url) as ledger:
        heard = votes(ledger, "bayesian")
    with_it = [vote.batch for vote in heard.votes if "timed" in vote.council.members]
    assert max(with_it) < 205 <= max(vote.batch for vote in heard.votes)


def test_the_whole_ensemble_asked_again_decides_as_it_did(url: str) -> None:
    """Of a vote in which nobody is seen to move nothing is passed over: a fusion may learn from it."""
    with Ledger.open(url) as ledger:
        for fusion in ("weighted-vote", "bayesian"):
            heard = votes(ledger, fusion)
            with models_of(heard.config, plugins(), ledger) as models:
                ensemble = Ensemble(heard, plugins(), models)
                skipping = ensemble.value(frozenset(heard.members))
                ensemble._moved = [(True,) * 5] * len(heard.votes)
                assert ensemble.value(frozenset(heard.members)) == skipping


def test_random_orders_stand_in_for_all(url: str) -> None:
    made, again = (found(url, orders=3, seed=1) for _ in range(2))
    assert made == again and made.orders == 3
    assert sum(made.contributions.values()) == made.total == found(url).total


def test_what_cannot_be_attributed_is_refused_by_name(url: str) -> None:
    with pytest.raises(RequestError, match="several fusions: --fusion weighted-vote or bayesian would do"):
        found(url, None)
    with pytest.raises(RequestError, match="has no fusion 'vote'; it has weighted-vote, bayesian"):
        found(url, "vote")
    with Ledger.open(url) as ledger, pytest.raises(RequestError, match="session b has no fusion"):
        attribute(ledger, ledger.find("b"), plugins())


def test_a_ledger_that_says_otherwise_is_not_believed(url: str, tmp_path: Path) -> None:
    from sqlalchemy import create_engine, text

    copy = tmp_path / "ledger.db"
    copy.write_bytes(Path(url.removeprefix("sqlite:///")).read_bytes())
    engine = create_engine(f"sqlite:///{copy}")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM signals WHERE source = 'weighted-vote' AND batch > 300"))
    engine.dispose()
    with pytest.raises(SessionDiffers, match="where the ledger has nothing: `papertape sessions verify a`"):
        found(f"sqlite:///{copy}")


def test_the_command_prints_a_table_or_one_document(url: str) -> None:
    table = {"models": Entry("papertape_ml.commands.models", "models", "")}

    def asked(*arguments: str) -> str:
        command = ["models", "attribution", "a", "--fusion", "weighted-vote", "--db", url, *arguments]
        done = CliRunner().invoke(Root("papertape", table=table), command)
        assert done.exit_code == 0, done.output
        return done.stdout

    document = json.loads(asked("--json"))
    made = found(url)
    assert document["total"] == plain(made.total)
    assert {each["member"]: Decimal(each["contribution"]) for each in document["members"]} == made.contributions
    lines = asked().splitlines()
    assert len(lines) == 6 and lines[-1].startswith("all of weighted-vote")
    assert "Estimated from 2 random orders" in asked("--orders", "2")
