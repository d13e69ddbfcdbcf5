"""Two versions, or a version and an opponent, on the same rows: figures of each, and how sure the difference is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.judging.bootstrap import DRAWS, Interval, block_bootstrap, block_for, drawn_columns
from papertape_ml.judging.sharpe import Returns, described
from papertape_ml.promotion.evidence import Evidence
from papertape_ml.promotion.judged import BINS, Judged, by_time

SEED: Final = 7
"""Of the bootstrap: the same evidence gives the same bounds."""
LOSSES: Final = ("logloss", "brier", "ece", "error")
"""Figures of which less is better."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of both, and `second - first` with the bounds between which it lies with 95 %; None: no figure."""

    metric: str
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None

    @property
    def better(self) -> int:
        """Which is surely better: 1 or 2, and 0 where it is not sure."""
        if self.low is None or self.high is None or self.low <= 0.0 <= self.high:
            return 0
        return 1 if (self.low > 0.0) == (self.metric in LOSSES) else 2


class _Measure(NamedTuple):
    """`columns` `(times, k)`: of both, what the figure follows from; `figure`: from their means `(..., k)` to the
    figure of each of the two `(..., 2)`."""

    metric: str
    columns: Floats
    figure: Callable[[Floats], Floats]


def compared(evidence: Evidence, first: Judged, second: Judged) -> list[Difference]:
    """All figures of two on the rows that both are judged on, each difference by a paired block bootstrap."""
    found = [_difference(evidence, each) for each in _measures(evidence, first, second)]
    if first.acted is not None and second.acted is not None:
        counts = float(first.acted.trades), float(second.acted.trades)
        found.append(Difference("trades", *counts, counts[1] - counts[0], None, None))
    return found


def less_lost(evidence: Evidence, opponent: Judged, subject: Judged) -> Interval | None:
    """How much less the subject loses a row than the opponent, one bound at 95 % on each side; None where no row is
    judged for both."""
    both = opponent.known & subject.known
    if not both.any():
        return None
    series = by_time(evidence.t0[both], (opponent.loss - subject.loss)[both, None])[:, 0]
    return block_bootstrap(series, block_for(len(series), evidence.steps), SEED)


def more_earned(evidence: Evidence, opponent: Judged, subject: Judged) -> Interval | None:
    """How much more the subject earns a candle than the opponent, after fees; None where one of them does not act."""
    if opponent.acted is None or subject.acted is None:
        return None
    series = subject.acted.returns - opponent.acted.returns
    return block_bootstrap(series, block_for(len(series), evidence.steps), SEED)


def calibration(evidence: Evidence, one: Judged) -> float | None:
    """The expected calibration error; the largest of several columns."""
    if one.scores is None or not one.known.any():
        return None
    return float(_errors_of(one.scores.gaps[one.known].mean(axis=0)))


def returns_of(one: Judged) -> Returns | None:
    """What the Sharpe ratio's tests need; None where there is nothing to act on."""
    return None if one.acted is None or len(one.acted.returns) < 2 else described(one.acted.returns)


def figures(evidence: Evidence, one: Judged) -> dict[str, float]:
    """The figures of one that it has, as JSON values."""
    measures = _measures(evidence, one, one)
    found = {each.metric.replace(" ", "_"): float(each.figure(each.columns.mean(axis=0))[0]) for each in measures}
    return found if one.acted is None else {**found, "trades": float(one.acted.trades)}


def document(differences: list[Difference]) -> list[dict[str, Any]]:
    """As `--json` shows them."""
    names = ("metric", "first", "second", "difference", "low", "high")
    return [{name: getattr(each, name) for name in names} | {"better": each.better} for each in differences]


def _measures(evidence: Evidence, first: Judged, second: Judged) -> list[_Measure]:
    found = _of_rows(evidence, first, second)
    if first.acted is not None and second.acted is not None:
        pair = np.stack((first.acted.returns, second.acted.returns), axis=1)
        found.append(_Measure("net return", pair, lambda means: np.asarray(means * len(pair))))
        found.append(_Measure("sharpe", np.hstack((pair, pair**2)), _sharpes))
    return found


def _of_rows(evidence: Evidence, first: Judged, second: Judged) -> list[_Measure]:
    """The figures that are means over rows; none where no row is judged for both."""
    both = first.known & second.known
    if not both.any():
        return []
    times = evidence.t0[both]

    def of(one: Floats, two: Floats) -> Floats:
        return by_time(times, np.hstack([each[both].reshape(int(both.sum()), -1) for each in (one, two)]))

    losses = of(first.loss, second.loss)
    if first.scores is None or second.scores is None:
        return [_Measure("error", losses, _as_they_are)]
    one, two = first.scores, second.scores
    return [
        _Measure("logloss", losses, _as_they_are),
        _Measure("brier", of(one.brier, two.brier), _as_they_are),
        _Measure("accuracy", of(one.hits, two.hits), _as_they_are),
        _Measure("ece", of(one.gaps, two.gaps), _both_errors),
    ]


def _difference(evidence: Evidence, measure: _Measure) -> Difference:
    one, two = measure.figure(measure.columns.mean(axis=0)).tolist()
    block = block_for(len(measure.columns), evidence.steps)
    drawn = measure.figure(drawn_columns(measure.columns, block, SEED, DRAWS))
    low, high = np.quantile(drawn[:, 1] - drawn[:, 0], (0.025, 0.975)).tolist()
    return Difference(measure.metric, one, two, two - one, low, high)


def _as_they_are(means: Floats) -> Floats:
    return means


def _sharpes(means: Floats) -> Floats:
    """Out of the means of both and of their squares; 0 for returns that never move."""
    spread = np.sqrt(np.maximum(means[..., 2:] - means[..., :2] ** 2, 0.0))
    moves = spread > 1e-14
    return np.asarray(np.where(moves, means[..., :2] / np.where(moves, spread, 1.0), 0.0))


def _errors_of(gaps: Floats) -> Floats:
    """Calibration errors out of mean gaps `(..., columns x BINS)`: the largest over the columns."""
    return np.asarray(np.abs(gaps.reshape(*gaps.shape[:-1], -1, BINS)).sum(axis=-1).max(axis=-1))


def _both_errors(means: Floats) -> Floats:
    half = means.shape[-1] // 2
    return np.stack((_errors_of(means[..., :half]), _errors_of(means[..., half:])), axis=-1)
