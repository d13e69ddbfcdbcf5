"""Isotonic calibration, one class against the rest, brought to a sum of 1 and kept away from 0.

Sources: Zadrozny, Elkan (2002), Transforming Classifier Scores into Accurate Multiclass Probability Estimates, for one
against rest; Ayer et al. (1955) for the pooling of adjacent violators. Between two pooled blocks the curve is a
straight line; no probability is below one in all rows that it was fitted on.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from papertape_ml.models.contract import Array
from papertape_ml.models.softmax import normalised, softmax

LEAST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class IsotonicScaling:
    """A rising curve (x, y) for each class, over the softmax of the margins; ``floor`` is the least share."""

    curves: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
    floor: float

    def probabilities(self, margins: Array) -> Array:
        """As `Calibrator.probabilities`."""
        raw = softmax(margins)
        shares = np.empty_like(raw)
        for k, (x, y) in enumerate(self.curves):
            shares[k] = _on_curve(np.array(x), np.array(y), raw[k])
        return normalised(np.clip(shares, self.floor, 1.0))

    def as_document(self) -> dict[str, Any]:
        """As `Calibrator.as_document`."""
        curves = [{"x": list(x), "y": list(y)} for x, y in self.curves]
        return {"method": "isotonic", "floor": self.floor, "curves": curves}


def fit_isotonic(raw: Array, classes: NDArray[np.int64], weights: Array) -> IsotonicScaling:
    """Curves for probabilities ``(classes, n)`` that are not calibrated yet."""
    curves = tuple(_curve(row, (classes == k).astype(np.float64), weights) for k, row in enumerate(raw))
    return IsotonicScaling(curves, 1.0 / (len(classes) + len(raw)))


def pooled(values: Array, weights: Array) -> tuple[Array, NDArray[np.int64]]:
    """Pool adjacent violators: the rising blocks nearest to ``values``, as (mean, rows) of each block.

    >>> means, rows = pooled(np.array([1.0, 3.0, 2.0, 4.0]), np.ones(4))
    >>> means.tolist(), rows.tolist()
    ([1.0, 2.5, 4.0], [1, 2, 1])
    """
    means: list[float] = []
    masses: list[float] = []
    rows: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        count = 1
        while means and means[-1] >= value:
            mass = masses.pop()
            value = (means.pop() * mass + value * weight) / (mass + weight)
            weight += mass
            count += rows.pop()
        means.append(value)
        masses.append(weight)
        rows.append(count)
    return np.array(means), np.array(rows, dtype=np.int64)


def _curve(scores: Array, hits: Array, weights: Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
    places, which = np.unique(scores, return_inverse=True)
    mass = np.bincount(which, weights).astype(np.float64)
    means, rows = pooled(np.bincount(which, weights * hits) / mass, mass)
    last = np.cumsum(rows) - 1
    first = last - rows + 1
    x: list[float] = []
    y: list[float] = []
    for mean, low, high in zip(means.tolist(), places[first].tolist(), places[last].tolist(), strict=True):
        for place in (low, high) if high > low else (low,):
            x.append(place)
            y.append(mean)
    return tuple(x), tuple(y)


def _on_curve(x: Array, y: Array, scores: Array) -> Array:
    """Linear between the knots and level beyond them; not `numpy.interp`, which computes by the number of scores."""
    if len(x) == 1:
        return np.full_like(scores, y[0])
    inside = np.clip(scores, x[0], x[-1])
    left = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
    share = (inside - x[left]) / (x[left + 1] - x[left])
    result: Array = y[left] + share * (y[left + 1] - y[left])
    return result
