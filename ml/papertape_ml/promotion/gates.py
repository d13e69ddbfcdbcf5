"""The gates that a version passes before it may be a champion: one table, for all kinds of models.

A gate asks one thing of the case that was put together from the evidence, and gives its verdict with what it wanted and
what it found. A version is let in when no gate fails.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from papertape_ml.judging.bootstrap import Interval
from papertape_ml.judging.sharpe import Returns
from papertape_ml.promotion.trials import Trials

Verdict = Literal["passed", "failed", "insufficient", "no matter"]

LEAST_LABELS: Final = 500
LEAST_TRADES: Final = 30
LEAST_DEFLATED: Final = 0.95
MOST_OVERFITTING: Final = 0.2
MOST_ECE: Final = 0.05

CLASSES: Final = ("classifier", "gated", "gate", "direction", "tpsl", "predictor", "stacking")
"""Kinds that give probabilities."""
TRADING: Final = ("classifier", "gated", "tpsl", "predictor", "stacking")
"""Kinds that say what to do."""
BOOKS: Final = (*TRADING, "sizer", "rl")
"""Kinds whose trades make a book."""
QUANTITIES: Final = ("range",)
ALL: Final = (*CLASSES, "range", "sizer", "rl")


class Against(NamedTuple):
    """An opponent. `lost`: how much less the version loses a row (log loss, absolute error, growth); `earned`: how much
    more it earns a candle; None where that is not asked."""

    name: str
    lost: Interval | None
    earned: Interval | None


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a version that wants an alias.

    `labels`: of which no two overlap; `trades`: on the evidence, None for a kind that does not trade. `champion`: that
    the opponents are the alias's present version; without one they are those who know and do nothing. `same_features`:
    as the present version reads, None without one. `returns`: per candle; `calibration`: expected error. `shadow`:
    trades in sessions, and how many were asked for.
    """

    kind: str
    labels: int
    trades: int | None
    champion: bool
    opponents: Sequence[Against]
    same_features: bool | None
    returns: Returns | None
    trials: Trials
    calibration: float | None
    shadow: tuple[int, int] | None = None


class Result(NamedTuple):
    """What a gate wanted, what it found, and its verdict."""

    gate: str
    wanted: str
    found: str
    verdict: Verdict

    @property
    def passed(self) -> bool:
        """Whether it lets the version through."""
        return self.verdict in ("passed", "no matter")


class Gate(NamedTuple):
    """`kinds`: of models that it is asked of; `wanted`: in words, against a present version, and `alone` without one;
    `judge`: what it found, and the verdict."""

    name: str
    kinds: tuple[str, ...]
    wanted: str
    alone: str
    judge: Callable[[Case], tuple[str, Verdict]]


def judge(case: Case) -> list[Result]:
    """The verdicts of all gates that a case of this kind is put to, in the table's order."""
    return [
        Result(gate.name, gate.wanted if case.champion else gate.alone, *gate.judge(case))
        for gate in GATES
        if case.kind in gate.kinds
    ]


def let_in(results: Sequence[Result]) -> bool:
    """Whether all gates let it through."""
    return all(each.passed for each in results)


def documents(results: Sequence[Result]) -> list[dict[str, Any]]:
    """For the history, and as `--json` shows them."""
    return [{**each._asdict(), "passed": each.passed} for each in results]


def _features(case: Case) -> tuple[str, Verdict]:
    if case.same_features is None:
        return "there is no present version", "no matter"
    return ("the same", "passed") if case.same_features else ("another feature set", "failed")


def _labels(case: Case) -> tuple[str, Verdict]:
    return f"{case.labels:,}", "passed" if case.labels >= LEAST_LABELS else "insufficient"


def _trades(case: Case) -> tuple[str, Verdict]:
    if case.trades is None:
        return "its label says nothing of sides", "no matter"
    return f"{case.trades:,}", "passed" if case.trades >= LEAST_TRADES else "insufficient"


def _loss(case: Case) -> tuple[str, Verdict]:
    bounds = [(each.name, each.lost.low) for each in case.opponents if each.lost is not None]
    if not bounds:
        return "no row that both answer", "insufficient"
    return _bounds(bounds, all(low > 0.0 for _, low in bounds))


def _earnings(case: Case) -> tuple[str, Verdict]:
    earned = [(each.name, each.earned) for each in case.opponents if each.earned is not None]
    if not earned:
        return "its label says nothing of sides", "no matter"
    if case.champion:
        name, bounds = earned[0]
        return f"{name}: at most {bounds.high:+.3g}", "passed" if bounds.high >= 0.0 else "failed"
    return _bounds([(name, bounds.low) for name, bounds in earned], all(bounds.low > 0.0 for _, bounds in earned))


def _deflated(case: Case) -> tuple[str, Verdict]:
    if case.returns is None:
        return "its label says nothing of sides", "no matter"
    found = case.trials.deflated(case.returns)
    count = case.trials.count
    return (
        f"{found:.3f} of {count:,} trial{'s' if count > 1 else ''}",
        "passed" if found >= LEAST_DEFLATED else "failed",
    )


def _overfitting(case: Case) -> tuple[str, Verdict]:
    if case.trials.searched < 2:
        return "it was not chosen among many", "no matter"
    if case.trials.overfitting is None:
        return f"not known, of {case.trials.searched:,} trials", "failed"
    found = case.trials.overfitting
    return f"{found:.3f} of {case.trials.searched:,} trials", "passed" if found <= MOST_OVERFITTING else "failed"


def _calibration(case: Case) -> tuple[str, Verdict]:
    if case.calibration is None:
        return "no row that it answers", "insufficient"
    return f"{case.calibration:.4f}", "passed" if case.calibration <= MOST_ECE else "failed"


def _shadow(case: Case) -> tuple[str, Verdict]:
    if case.shadow is None:
        return "not asked for", "no matter"
    found, wanted = case.shadow
    return f"{found:,} of {wanted:,}", "passed" if found >= wanted else "insufficient"


def _bounds(bounds: Sequence[tuple[str, float]], passed: bool) -> tuple[str, Verdict]:
    return ", ".join(f"{name}: {low:+.3g}" for name, low in bounds), "passed" if passed else "failed"


_ENOUGH: Final = (f">= {LEAST_LABELS} that do not overlap", f">= {LEAST_TRADES}")
_TRUSTED: Final = (f">= {LEAST_DEFLATED}", f"<= {MOST_OVERFITTING}, if chosen among many", f"error <= {MOST_ECE}")
_SHADOW: Final = "as many as asked for"

GATES: Final = (
    Gate("features", ALL, "as the present version", "any", _features),
    Gate("labels", ALL, _ENOUGH[0], _ENOUGH[0], _labels),
    Gate("trades", BOOKS, _ENOUGH[1], _ENOUGH[1], _trades),
    Gate("log loss", CLASSES, "surely less", "surely less than the prior's", _loss),
    Gate("error", QUANTITIES, "surely less", "surely less than the prior's", _loss),
    Gate("growth", ("sizer",), "surely more", "surely more than flat and one constant size", _loss),
    Gate("growth", ("rl",), "surely more", "surely more than flat and buy-and-hold", _loss),
    Gate("earnings", TRADING, "not surely less", "surely more than flat and buy-and-hold", _earnings),
    Gate("deflated Sharpe", BOOKS, _TRUSTED[0], _TRUSTED[0], _deflated),
    Gate("overfitting", BOOKS, _TRUSTED[1], _TRUSTED[1], _overfitting),
    Gate("calibration", CLASSES, _TRUSTED[2], _TRUSTED[2], _calibration),
    Gate("shadow trades", ALL, _SHADOW, _SHADOW, _shadow),
)
"""All gates. "Surely": the bound that 95 % of the paired block bootstrap lie beyond is on the right side of 0."""
