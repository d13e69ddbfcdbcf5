"""Figures of predictions against what happened: of probabilities, of quantiles, of highs and lows."""

import re
from typing import Any, Final, NamedTuple

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.judging.bootstrap import block_bootstrap, block_for
from papertape_ml.judging.scores import accuracy, calibration_error, log_losses
from papertape_ml.live.predictions import Told
from papertape_ml.promotion.comparison import SEED
from papertape_ml.promotion.judged import by_time

DAY: Final = 86_400_000
WINDOWS: Final = {"all": None, "7 days": 7 * DAY, "24 hours": DAY}
"""Over which figures are taken: so many ms before the newest prediction."""
LEAST: Final = 50
"""Distinct times from which bounds are given."""
BINS: Final = 10
"""Of the reliability table."""
_QUANTILE: Final = re.compile(r"q(\d+)_")


class Window(NamedTuple):
    """`predictions`: that were made; `completed`: whose outcome is known; `unknown`: of which the market did not tell.
    `figures`: by name, None where there is no figure."""

    predictions: int
    completed: int
    unknown: int
    figures: dict[str, float | None]


class Reliability(NamedTuple):
    """Of predictions whose likeliest class had a probability between `low` and `high`: the mean of that, and how often
    the class came."""

    low: float
    high: float
    rows: int
    promised: float
    happened: float


def windows(told: Told) -> dict[str, Window]:
    """The figures of a claim over each of `WINDOWS`."""
    newest = int(told.at.max())
    prior = _prior(told) if told.outcomes == ("class",) else None
    found = {}
    for name, length in WINDOWS.items():
        first = 0 if length is None else newest - length + 1
        rows = np.flatnonzero(told.at >= first)
        found[name] = _window(told.since(first), None if prior is None else prior[rows])
    return found


def reliability(told: Told) -> list[Reliability]:
    """What was promised and what happened, in bins of the promise that hold a prediction; none for quantities."""
    if told.outcomes != ("class",) or not told.known.any():
        return []
    chances, happened = told.said[told.known], told.happened[told.known, 0].astype(np.int64)
    promised, hit = chances.max(axis=1), chances.argmax(axis=1) == happened
    which = np.clip(np.ceil(promised * BINS).astype(np.int64) - 1, 0, BINS - 1)
    return [
        Reliability(
            each / BINS, (each + 1) / BINS, int(rows.sum()), float(promised[rows].mean()), float(hit[rows].mean())
        )
        for each in range(BINS)
        if (rows := which == each).any()
    ]


def _window(told: Told, prior: Floats | None) -> Window:
    known = told.known
    figures: dict[str, float | None] = {}
    if prior is not None:
        figures = _of_classes(told, known, prior)
    elif told.outcomes == ("return",):
        figures = _of_quantiles(told, known)
    else:
        figures = _of_ends(told, known)
    return Window(len(told.at), int(known.sum()), int((told.settled & ~known).sum()), figures)


def _of_classes(told: Told, known: np.ndarray[Any, np.dtype[np.bool_]], prior: Floats) -> dict[str, float | None]:
    names = ("accuracy", "logloss", "prior_logloss", "gain", "gain_low", "gain_high", "ece")
    if not known.any():
        return dict.fromkeys(names)
    chances, happened = told.said[known], told.happened[known, 0].astype(np.int64)
    losses, before = log_losses(chances, happened), log_losses(prior[known], happened)
    series = by_time(told.at[known], (before - losses)[:, None])[:, 0]
    low = high = None
    if len(series) >= LEAST:
        bounds = block_bootstrap(series, block_for(len(series), told.steps), SEED)
        low, high = bounds.low, bounds.high
    values = (
        accuracy(chances, happened), float(losses.mean()), float(before.mean()), float(series.mean()), low, high,
        calibration_error(chances, happened),
    )  # fmt: skip
    return dict(zip(names, values, strict=True))


def _prior(told: Told) -> Floats:
    """For each prediction `(n, classes)` the shares of what was known to have happened at its time, one added to each
    count: what somebody who looks at nothing else could have said then."""
    known = np.flatnonzero(told.known)
    order = known[np.argsort(told.until[known], kind="stable")]
    ends = told.until[order]
    counts = np.zeros((len(order) + 1, len(told.outputs)))
    counts[1:] = np.cumsum(np.eye(len(told.outputs))[told.happened[order, 0].astype(np.int64)], axis=0)
    shares = counts[np.searchsorted(ends, told.at, side="right")] + 1.0
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _of_quantiles(told: Told, known: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float | None]:
    """How often what happened lay below each quantile; the mean loss of the quantiles (pinball, in log return)."""
    levels = [int(found[1]) / 100 if (found := _QUANTILE.match(name)) else None for name in told.outputs]
    figures: dict[str, float | None] = {}
    losses = []
    for place, (name, level) in enumerate(zip(told.outputs, levels, strict=True)):
        if level is None:
            continue
        over = told.happened[known, 0] - told.said[known, place]
        figures[f"below {name.split('_')[0]}"] = float((over <= 0).mean()) if len(over) else None
        losses.append(float(np.maximum(level * over, (level - 1.0) * over).mean()) if len(over) else None)
    given = [each for each in losses if each is not None]
    return figures | {"pinball": sum(given) / len(given) if given else None}


def _of_ends(told: Told, known: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float | None]:
    """By output the mean distance from what happened, as a fraction of the entry, and how often that lay below it."""
    figures: dict[str, float | None] = {}
    for place, name in enumerate(told.outcomes):
        over = told.happened[known, place] - told.said[known, place]
        figures[f"{name} error"] = float(np.abs(over).mean()) if len(over) else None
        figures[f"below {name}"] = float((over <= 0).mean()) if len(over) else None
    return figures
