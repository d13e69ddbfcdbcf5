"""Every gate stops what it is there to stop, alone, and lets through what is in order."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from papertape_ml.judging.bootstrap import Interval
from papertape_ml.judging.sharpe import Returns
from papertape_ml.models.loading import kinds
from papertape_ml.promotion.gates import ALL, GATES, Against, Case, documents, judge, let_in
from papertape_ml.promotion.trials import Trials

BETTER, EVEN, WORSE = Interval(0.1, 0.05, 0.15, 0.001), Interval(0.0, -0.1, 0.1, 0.5), Interval(-0.1, -0.2, -0.05, 1.0)
GOOD = Case(
    kind="classifier",
    labels=500,
    trades=30,
    champion=True,
    opponents=(Against("signal@1", BETTER, EVEN),),
    same_features=True,
    returns=Returns(2_000, 0.08, 0.0, 3.0),
    trials=Trials(searched=0, used=0, variance=None, sharpes=(), overfitting=None),
    calibration=0.05,
)
ALONE = replace(
    GOOD,
    champion=False,
    same_features=None,
    opponents=(Against("prior", BETTER, None), Against("flat", None, BETTER), Against("buy-and-hold", None, BETTER)),
)


def stopped(case: Case) -> list[str]:
    return [each.gate for each in judge(case) if not each.passed]


def test_what_is_in_order_is_let_in() -> None:
    assert let_in(judge(GOOD)) and let_in(judge(ALONE))


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({"labels": 499}, "labels"),
        ({"trades": 29}, "trades"),
        ({"same_features": False}, "features"),
        ({"opponents": (Against("signal@1", EVEN, EVEN),)}, "log loss"),
        ({"opponents": (Against("signal@1", None, EVEN),)}, "log loss"),
        ({"opponents": (Against("signal@1", BETTER, WORSE),)}, "earnings"),
        ({"returns": Returns(2_000, 0.03, 0.0, 3.0)}, "deflated Sharpe"),
        ({"trials": Trials(0, 40, None, (), None)}, "deflated Sharpe"),
        ({"trials": Trials(20, 0, 1e-6, (), 0.21)}, "overfitting"),
        ({"trials": Trials(20, 0, 1e-6, (), None)}, "overfitting"),
        ({"calibration": 0.051}, "calibration"),
        ({"calibration": None}, "calibration"),
        ({"shadow": (4, 5)}, "shadow trades"),
    ],
)
def test_each_gate_stops_a_version_by_itself(changes: dict[str, Any], gate: str) -> None:
    assert stopped(replace(GOOD, **changes)) == [gate]


@pytest.mark.parametrize("place", [1, 2])
def test_without_a_champion_it_must_surely_earn_more_than_doing_nothing_and_than_holding(place: int) -> None:
    opponents = list(ALONE.opponents)
    opponents[place] = opponents[place]._replace(earned=EVEN)
    assert stopped(replace(ALONE, opponents=tuple(opponents))) == ["earnings"]


def test_too_little_evidence_is_said_to_be_that() -> None:
    verdicts = {each.gate: each.verdict for each in judge(replace(GOOD, labels=3, trades=0, shadow=(0, 1)))}
    assert [verdicts[gate] for gate in ("labels", "trades", "shadow trades")] == ["insufficient"] * 3


def test_an_earlier_use_of_the_evidence_makes_the_same_ratio_worth_less() -> None:
    found = [
        next(
            each.found for each in judge(replace(GOOD, trials=Trials(0, used, None, (), None))) if "Sharpe" in each.gate
        )
        for used in (0, 1, 10)
    ]
    assert found == sorted(found, reverse=True) and len(set(found)) == 3


def test_kinds_are_asked_what_they_can_answer() -> None:
    asked = {kind: [gate.name for gate in GATES if kind in gate.kinds] for kind in ALL}
    assert "calibration" not in asked["range"] and "error" in asked["range"] and "trades" not in asked["range"]
    assert "growth" in asked["sizer"] and "log loss" not in asked["sizer"]
    assert "deflated Sharpe" not in asked["gate"] and "deflated Sharpe" not in asked["direction"]
    assert set(kinds()) <= set(ALL), "every kind that can be loaded has gates"


def test_the_history_keeps_what_each_gate_wanted_and_found() -> None:
    kept = documents(judge(GOOD))
    assert kept[0] == {
        "gate": "features",
        "wanted": "as the present version",
        "found": "the same",
        "verdict": "passed",
        "passed": True,
    }
    assert [each["gate"] for each in kept] == [gate.name for gate in GATES if "classifier" in gate.kinds]


def test_the_page_on_promotion_has_the_table_of_gates() -> None:
    page = (Path(__file__).parents[3] / "docs/explanation/promotion.md").read_text("utf-8")
    for gate in GATES:
        asked = "all kinds" if gate.kinds == ALL else ", ".join(gate.kinds)
        assert f"| {gate.name} | {asked} | {gate.wanted} | {gate.alone} |" in page
