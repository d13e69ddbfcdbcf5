"""Fitting a range predictor: quantiles by boosted trees, stopped early, then scaled to be met as often as they say.

Sources: Koenker, Bassett (1978), Regression Quantiles, for the loss; Romano, Patterson, Candès (2019), Conformalized
Quantile Regression, for the correction on rows that the trees have not seen, here a factor instead of a term, since a
range is above 0; Chernozhukov, Fernández-Val, Galichon (2010), Quantile and Probability Curves Without Crossing, for
quantiles in order by sorting.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from papertape_ml.errors import BadLabels, BadSettings
from papertape_ml.models.boosters.growing import Lesson, grown
from papertape_ml.models.boosters.reading import CHECKED, check_reading
from papertape_ml.models.contract import Array
from papertape_ml.models.ranges.model import (
    OBJECTIVE,
    QUANTILES,
    End,
    RangePredictor,
    Reach,
    end_of,
    file_names,
    range_contract,
    scales,
)
from papertape_ml.models.settings import BoosterSettings, Progress

DEFAULT: Final = BoosterSettings(rounds=1000, depth=3, rate=0.05, least_leaf_weight=50.0, patience=30)
"""Quantiles need many rows in a leaf: the tenth part of 50 rows is 5."""

_LEAST: Final = 1e-6
"""A quantile that is nothing would have no factor."""


@dataclass(frozen=True, slots=True, eq=False)
class RangePart:
    """Rows ``(n, inputs)``; the label's values ``(n, 2 x horizons)``, high and low by horizon; weights ``(n,)``."""

    rows: Array
    values: Array
    weights: Array

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) != len(self.rows) or len(self.weights) != len(self.rows):
            raise BadLabels(f"{len(self.rows)} rows have ranges of the shape {self.values.shape}")
        if not np.isfinite(self.values).all():
            raise BadLabels("a label of a range is not a finite number")
        if not np.isfinite(self.weights).all() or (self.weights <= 0).any():
            raise BadLabels("weights are one finite number above 0 a row")


@dataclass(frozen=True, slots=True, eq=False)
class FittedRange:
    """The model, and the rounds of each of its ends; what is shipped takes their medians over the folds."""

    model: RangePredictor
    rounds: tuple[int, ...]


def fit_range(
    inputs: tuple[str, ...],
    reaches: Sequence[Reach],
    fit: RangePart,
    stop: RangePart | None,
    calibrate: RangePart,
    settings: BoosterSettings = DEFAULT,
    rounds: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> FittedRange:
    """Fits both ends of every horizon. ``rounds``: of each end, in place of a part to stop on.

    Rows without a scale are left out. The same parts, settings and library give the same bytes. Raises `BadLabels`,
    `BadSettings`; `MissingExtra` where XGBoost is not installed.
    """
    contract = range_contract(inputs, reaches)
    if settings.backend != "xgboost":
        raise BadSettings(f"a range predictor is fitted by xgboost, not by {settings.backend}")
    if stop is None and rounds is None:
        raise BadSettings("a range predictor needs a part of the data to stop on, or its rounds")
    first, last = _scaled(inputs, reaches, fit), _scaled(inputs, reaches, calibrate)
    watched = None if stop is None else _scaled(inputs, reaches, stop)
    ends, counts = [], []
    for number, name in enumerate(file_names(reaches)):
        lesson, stops = _lesson(first, number), None if watched is None else _lesson(watched, number)
        data, count = _fit_end(lesson, stops, settings, None if rounds is None else rounds[number], progress)
        trees = end_of(data, name, len(inputs), (1.0, 1.0, 1.0)).trees
        ends.append(End(data, trees, _factors(trees.margins(last.rows), _lesson(last, number))))
        counts.append(count)
    return FittedRange(RangePredictor(contract, tuple(reaches), tuple(ends)), tuple(counts))


def pinball(multiples: Array, values: Array) -> Array:
    """The loss ``(n, 3)`` of the three quantiles ``(n, 3)`` against values ``(n,)``, in their unit.

    >>> pinball(np.array([[1.0, 2.0, 3.0]]), np.array([2.5])).round(3).tolist()
    [[0.15, 0.25, 0.05]]
    """
    above = values[:, None] - multiples
    shares = np.array(QUANTILES)
    return np.asarray(np.maximum(shares * above, (shares - 1.0) * above))


def weighted_quantiles(values: Array, weights: Array) -> Array:
    """The three quantiles of values ``(n,)``: the least value up to which that share of the weight lies.

    >>> weighted_quantiles(np.arange(10.0), np.ones(10)).tolist()
    [0.0, 4.0, 8.0]
    """
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order])
    places = np.searchsorted(mass, np.array(QUANTILES) * mass[-1] * (1.0 - 1e-12))
    return np.asarray(values[order][np.minimum(places, len(values) - 1)])


def _scaled(inputs: Sequence[str], reaches: Sequence[Reach], part: RangePart) -> RangePart:
    """The rows that have a scale, their values as multiples of it and from 0 up at both ends."""
    units = np.repeat(scales(inputs, part.rows, reaches), 2, axis=1)
    if part.values.shape != units.shape:
        raise BadLabels(f"{len(reaches)} horizons need {units.shape[1]} values a row, there are {part.values.shape[1]}")
    known = (units > 0).all(axis=1)
    if not known.any():
        raise BadLabels("no row to learn a range from has a true range")
    multiples = np.abs(part.values[known]) / units[known]
    weights = part.weights[known]
    return RangePart(np.ascontiguousarray(part.rows[known]), multiples, weights / weights.mean())


def _fit_end(
    fit: Lesson, stop: Lesson | None, settings: BoosterSettings, rounds: int | None, progress: Progress | None
) -> tuple[bytes, int]:
    """The trees of one end as bytes, and how many rounds they are."""
    about = {"objective": OBJECTIVE, "quantile_alpha": list(QUANTILES), "eval_metric": "quantile"}
    if rounds is not None:
        stop, settings = None, replace(settings, rounds=rounds, patience=None)
    found = grown(about, fit, stop, settings, progress)
    rows = fit.rows[:CHECKED]
    trees = end_of(found.data, "the trees", rows.shape[1], (1.0, 1.0, 1.0)).trees
    check_reading("XGBoost", trees, rows, found.margins)
    return found.data, found.rounds


def _lesson(part: RangePart, number: int) -> Lesson:
    return Lesson(part.rows, np.ascontiguousarray(part.values[:, number]), part.weights)


def _factors(margins: Array, part: Lesson) -> tuple[float, float, float]:
    """By what each quantile must be multiplied so that its share of the rows lies below it."""
    ratios = part.targets[:, None] / np.maximum(margins, _LEAST)
    found = [float(weighted_quantiles(ratios[:, k], part.weights)[k]) for k in range(3)]
    return found[0], found[1], found[2]
