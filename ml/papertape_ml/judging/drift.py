"""Whether a feature still looks as it did in training: the population stability index over decile bins and a NaN bin.

Source: Siddiqi (2006), Credit Risk Scorecards, chapter 8; it is the symmetrised divergence of Jeffreys (1946) between
the shares of the bins. What value is alarming depends on the feature and on how many rows are looked at, so the
threshold is taken from the training data itself.
"""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BINS = 10
_LEAST = 1e-4
"""A bin with a smaller share counts as this share, so that an empty one is far off but not infinitely."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Inner edges (rising; a value on an edge belongs above it), and the share of each bin, the last being NaN's."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]

    def as_document(self) -> dict[str, Any]:
        """For the manifest."""
        return {"edges": list(self.edges), "shares": list(self.shares)}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The bins of `as_document`."""
        return cls(tuple(map(float, document["edges"])), tuple(map(float, document["shares"])))


def bins_of(reference: Array, bins: int = BINS) -> Bins:
    """Bins with about equal shares of ``reference``; values that are often the same may leave fewer of them.

    >>> bins_of(np.array([1.0, 2.0, 3.0, np.nan]), bins=3)
    Bins(edges=(2.0, 3.0), shares=(0.25, 0.25, 0.25, 0.25))
    """
    if reference.ndim != 1 or not len(reference):
        raise ValueError(f"bins need a series of values, got the shape {reference.shape}")
    known = np.sort(reference[~np.isnan(reference)])
    places = [len(known) * k // bins for k in range(1, bins)] if len(known) else []
    edges = tuple(sorted({float(known[place]) for place in places if known[place] > known[0]}))
    return Bins(edges, tuple(_shares(edges, reference).tolist()))


def stability_index(kept: Bins, values: Array) -> float:
    """Sum over bins of (found - kept) log(found / kept); 0 is the same, it grows without end, and never falls below 0.

    >>> round(stability_index(Bins((0.0,), (0.5, 0.5, 0.0)), np.array([-1.0, 1.0, 1.0, 1.0])), 6)
    0.274653
    """
    if not len(values):
        return math.nan
    found = np.maximum(_shares(kept.edges, values), _LEAST)
    before = np.maximum(np.array(kept.shares), _LEAST)
    return float(((found - before) * np.log(found / before)).sum())


def threshold(kept: Bins, reference: Array, window: int, quantile: float = 0.999) -> float:
    """The quantile of the index over all windows of that many neighbours in the training data.

    A walk that wanders passes any fixed threshold while nothing has changed; this one it passes once in a thousand.
    """
    if not 1 <= window <= len(reference):
        raise ValueError(f"a window of {window} does not fit into {len(reference)} rows")
    places = _places(kept.edges, reference)
    taken = places[:, None] == np.arange(len(kept.shares))[None, :]
    running = np.concatenate((np.zeros((1, taken.shape[1])), np.cumsum(taken, axis=0)))
    found = np.maximum((running[window:] - running[:-window]) / window, _LEAST)
    before = np.maximum(np.array(kept.shares), _LEAST)
    return float(np.quantile(((found - before) * np.log(found / before)).sum(axis=1), quantile))


def _places(edges: tuple[float, ...], values: Array) -> NDArray[np.int64]:
    inside = np.searchsorted(np.array(edges), values, side="right")
    return np.where(np.isnan(values), len(edges) + 1, inside).astype(np.int64)


def _shares(edges: tuple[float, ...], values: Array) -> Array:
    return np.bincount(_places(edges, values), minlength=len(edges) + 2) / len(values)
