"""`papertape models compare`, `promote`, `explain` and `verify` over models that were trained."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.papertape_ml.commands import program
from tests.papertape_ml.promotion import versions
from tests.papertape_ml.training import market

from papertape_ml.promotion.gates import GATES
from papertape_ml.registry.archive import write_archive
from papertape_ml.registry.json_registry import JsonRegistry

run = partial(program.run, "models")
document = partial(program.document, "models")
refused = partial(program.refused, "models")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, ...]:
    """A registry: version 1 knows the edge, 2 had nothing to learn, 3 is as good as 1. And the candles."""
    several = (versions.trained(), versions.trained(edge=0.0), versions.trained(seed=8))
    versions.registry(tmp_path, *several).close()
    versions.candle_file(tmp_path)
    return ("--registry", str(tmp_path / "models"))


SOURCE = ("--source", "sim_AAA-USDT_1m.parquet")


def test_a_champion_is_made_through_gates_and_its_history_tells_of_all_who_tried(place: tuple[str, ...]) -> None:
    done = run("promote", "signal@1", "--to", "champion", *SOURCE, *place)
    assert done.exit_code == 0, done.output
    assert "signal@champion points to version 1 now." in done.stdout
    shown = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert [gate.name for gate in GATES if "classifier" in gate.kinds] == [each for each in shown if each in
                                                                          {gate.name for gate in GATES}]  # fmt: skip
    stopped = document("promote", "signal@2", "--to", "champion", *SOURCE, *place, exit_code=1)
    assert (stopped["action"], stopped["promoted"], stopped["from_version"]) == ("refused", False, 1)
    failed = {each["gate"] for each in stopped["evidence"]["gates"] if not each["passed"]}
    assert {"log loss", "earnings"} <= failed and stopped["evidence"]["trials"]["earlier_uses"] == 1
    text = run("promote", "signal@3", "--to", "champion", *SOURCE, *place)
    assert text.exit_code == 1 and "signal@3 is not promoted: it was stopped by log loss" in text.stderr
    forced = document("promote", "signal@3", "--to", "champion", "--force", "--why", "a drill", *SOURCE, *place)
    assert (forced["promoted"], forced["forced"], forced["why"]) == (True, True, "a drill")
    assert forced["evidence"]["forced"] and not all(each["passed"] for each in forced["evidence"]["gates"])
    assert forced["evidence"]["trials"] == {"count": 4, "searched": 0, "earlier_uses": 3}
    moves = document("history", "signal@champion", *place)["history"]
    assert [each["action"] for each in moves] == ["move", "refused", "refused", "move"]
    assert moves[1]["evidence"]["span"] == moves[0]["evidence"]["span"]
    assert "points to version 3 already" in refused(
        "promote", "signal@3", "--to", "champion", *SOURCE, *place, exit_code=1
    )


def test_other_aliases_move_without_gates(place: tuple[str, ...]) -> None:
    moved = document("promote", "signal@2", "--to", "challenger", "--why", "to be watched", *place)
    assert (moved["alias"], moved["to_version"], moved["why"], moved["evidence"]) == (
        "challenger", 2, "to be watched", {},
    )  # fmt: skip


def test_what_cannot_be_asked_is_said(place: tuple[str, ...]) -> None:
    assert "--force needs --why TEXT" in refused("promote", "signal@1", "--to", "champion", "--force", *place)
    assert "only champion has gates" in refused("promote", "signal@1", "--to", "mine", "--force", "--why", "x", *place)
    assert "holds no candles yet" in refused("promote", "signal@1", "--to", "champion", *place)
    assert "no version 9" in refused("promote", "signal@9", "--to", "champion", *SOURCE, *place)
    assert "was trained on 1m candles" in refused(
        "promote", "signal@1", "--to", "champion", "--timeframe", "1h", *SOURCE, *place
    )
    assert document("history", "signal", *place)["history"][-1]["alias"] == "candidate", "nothing was recorded"
    forced = document("promote", "signal@1", "--to", "champion", "--force", "--why", "no candles", *place)
    assert "holds no candles yet" in forced["evidence"]["not_judged"] and forced["promoted"]


def test_shadow_trades_are_asked_for_and_there_are_none(place: tuple[str, ...]) -> None:
    done = document("promote", "signal@1", "--to", "champion", "--min-shadow-trades", "3", *SOURCE, *place, exit_code=1)
    gate = done["evidence"]["gates"][-1]
    assert (gate["gate"], gate["found"], gate["verdict"]) == ("shadow trades", "0 of 3", "insufficient")


def test_two_versions_are_compared_on_the_same_rows(place: tuple[str, ...]) -> None:
    found = document("compare", "signal@2", "signal@1", *SOURCE, *place)
    figures = {each["metric"]: each for each in found["figures"]}
    loss = figures["logloss"]
    assert loss["better"] == 2 and loss["low"] < loss["difference"] < loss["high"] < 0
    assert found["rows_not_unknown"] == 0 and found["span"][0] > versions.trained().training["span"][1]
    early = run("compare", "signal@2", "signal@1", "--start", "2024-01-01", *SOURCE, *place)
    assert early.exit_code == 0 and "looks better there than it is" in early.stdout
    row = next(line for line in early.stdout.splitlines() if line.startswith("logloss"))
    assert row.endswith("signal@1")


def test_sessions_are_evidence_for_stacking_alone(place: tuple[str, ...]) -> None:
    said = refused("promote", "signal@1", "--to", "champion", "--session", "f2y64g", *SOURCE, *place)
    assert "signal@1, a classifier, is judged on candles: --source" in said


def test_explain_shows_what_training_found_what_is_lost_without_and_one_decision(place: tuple[str, ...]) -> None:
    kept = document("explain", "signal@1", *place)
    assert kept["by"] == "shap" and next(iter(kept["importances"])) in ("rsi_5", "returns_1")
    assert "#" in run("explain", "signal@1", "--top", "1", *place).stdout
    lost = document("explain", "signal@1", *SOURCE, *place)
    assert lost["by"] == "permutation" and set(lost["importances"]) == set(market.NAMES)
    assert max(lost["importances"].values()) > 0.1 > abs(lost["importances"]["hour_sin"])
    candles = market.candles(versions.EDGE, versions.ALL)["A"]
    close = int(candles[0, 2_500]) + 60_000
    one = document("explain", "signal@1", "--at", close + 59_999, *SOURCE, *place)
    assert one["at"] == close and set(one["answers"]) == set(versions.trained().model.contract.outputs)
    for margin in one["margins"]:
        assert margin["base"] + sum(margin["added"].values()) == pytest.approx(margin["margin"], abs=1e-4)
    inputs = np.array([list(one["inputs"].values())])
    assert versions.trained().model.predict(inputs)[0].tolist() == list(one["answers"].values())
    text = run("explain", "signal@1", "--at", close, "--top", "2", *SOURCE, *place).stdout
    assert "log-odds" in text and "1 others" in text
    assert "had closed by" in refused("explain", "signal@1", "--at", "2000-01-01", *SOURCE, *place)


def test_verify_asks_models_their_golden_rows_strangers_in_a_process_of_their_own(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    with JsonRegistry.open(tmp_path / "models") as found:
        first = found.load("signal", 1)
        golden = first.manifest.golden
        lied = replace(golden, outputs=tuple((1.0, *row[1:]) for row in golden.outputs))
        found.publish(replace(first.manifest, golden=lied, files={}), first.files)
        write_archive(tmp_path / "signal-1.tar", first)
    done = document("verify", *place, exit_code=1)
    assert [each["golden"] for each in done["versions"]] == ["ok", "ok", "ok", "failed"]
    assert "golden row 0" in done["versions"][3]["problem"]
    away = ("--registry", str(tmp_path / "away"))
    assert run("import", "signal-1.tar", *away).exit_code == 0
    [brought] = document("verify", *away)["versions"]
    assert (brought["golden"], brought["ok"]) == ("ok", True)
