"""Leaks: features that hold the future.

Two probes. The exact one computes the features anew, in places candle by candle, before any later candle is there: what
differs from the dataset in one bit cannot be what a session would have had. The other one asks how much of the label a
single feature tells: none that is honest tells most of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats, Ints
from papertape.contract.errors import RequestError
from papertape.features.feature_set import FeatureSet
from papertape.features.known import Known
from papertape.market.timeframe import iso
from papertape_ml.data.build import NOTHING, Market, computed
from papertape_ml.data.dataset import Dataset

PLAUSIBLE: Final = 0.5
"""The largest share of a label's entropy that a feature of the past may tell."""
_BINS: Final = 20
_LOOKED_AT: Final = 50_000
"""Rows of which the share is measured."""
_PLACES: Final = 5


@dataclass(frozen=True, slots=True)
class Leak:
    """A feature that holds what it could not know. `rows`: how many are wrong, of the exact probe."""

    feature: str
    reason: str
    rows: int = 0


def leaks(
    dataset: Dataset, candles: Market, wanted: FeatureSet, external: Mapping[str, Known] = NOTHING, alone: int = 2_000
) -> list[Leak]:
    """What is suspect in a dataset of these candles. `alone`: how many batches are computed one by one."""
    return [*changed_by_the_future(dataset, candles, wanted, external, alone), *too_telling(dataset)]


def changed_by_the_future(
    dataset: Dataset, candles: Market, wanted: FeatureSet, external: Mapping[str, Known] = NOTHING, alone: int = 2_000
) -> list[Leak]:
    """The features that are not, bit for bit, what is known at each row's close: as computed from the candles up to it
    in stretches that are looked at closely, and from the candles alone everywhere.

    Five stretches of every symbol are, spread evenly, the last one at the end; `alone` batches in all, or a few more.
    """
    if wanted.hash != dataset.feature_set_hash:
        raise RequestError(f"the dataset's feature set is {dataset.feature_set_hash}, not {wanted.hash}")
    wrong = np.zeros(len(dataset.names), np.int64)
    first = np.full(len(dataset.names), np.iinfo(np.int64).max)
    for rows, values in _anew(dataset, candles, wanted, external, alone):
        ours = np.ascontiguousarray(dataset.features[rows])
        differ = (ours.view(np.int64) != values.view(np.int64)) & ~(np.isnan(ours) & np.isnan(values))
        wrong += differ.sum(axis=0)
        for place in np.flatnonzero(differ.any(axis=0)):
            first[place] = min(first[place], dataset.t0[rows[differ[:, place]]].min())
    return [
        Leak(
            dataset.names[place],
            f"{wrong[place]:,} of {len(dataset):,} values are not what was known at the close, first at "
            f"{iso(int(first[place]))}",
            int(wrong[place]),
        )
        for place in np.flatnonzero(wrong)
    ]


def too_telling(dataset: Dataset, plausible: float = PLAUSIBLE) -> list[Leak]:
    """The features that by themselves tell more than a plausible share of the label."""
    shares = told(dataset)
    return [
        Leak(name, f"tells {share:.0%} of the label by itself; more than {plausible:.0%} is not plausible")
        for name, share in zip(dataset.names, shares, strict=True)
        if share > plausible
    ]


def told(dataset: Dataset) -> Floats:
    """The share of the label's entropy that each feature tells (features,), 0 to 1: mutual information with the feature
    cut into 20 quantiles, less its bias (Miller and Madow's correction); the largest over the label's columns."""
    rows = np.unique(np.linspace(0, len(dataset) - 1, min(_LOOKED_AT, len(dataset))).astype(np.int64))
    y = dataset.y[rows].reshape(len(rows), -1)
    classes = [_binned(y[:, at], 3) if y.dtype.kind == "f" else y[:, at] for at in range(y.shape[1])]
    shares = np.zeros(len(dataset.names))
    for place in range(len(dataset.names)):
        bins = _binned(dataset.features[rows, place], _BINS)
        shares[place] = max(_share(bins, each) for each in classes)
    return shares


def _anew(
    dataset: Dataset, candles: Market, wanted: FeatureSet, external: Mapping[str, Known], alone: int
) -> Iterator[tuple[Ints, Floats]]:
    """Numbers of rows, and their features computed anew."""
    slots = range(len(candles))
    names = tuple(candles)
    if names != dataset.symbols:
        raise RequestError(f"the dataset is of {', '.join(dataset.symbols)}, the candles of {', '.join(names)}")
    rows_of = [_in_time_order(dataset, slot) for slot in slots]

    runs = [slots] if wanted.panel else [[slot] for slot in slots]

    def cuts(batches: int) -> Ints:
        length = min(batches, -(-alone // (_PLACES * len(runs))))
        begins = np.linspace(0, batches - length, _PLACES).astype(np.int64)
        return np.unique(begins[:, None] + np.arange(length + 1))

    for some in runs:
        for slot, at, values in computed(candles, wanted, external, some, cuts):
            ts = candles[names[slot]][0, at : at + len(values)]
            if len(ts):
                rows, times = rows_of[slot]
                some_rows = slice(*np.searchsorted(times, [ts[0], ts[-1] + 1]))
                found = np.searchsorted(ts, times[some_rows])
                yield rows[some_rows], np.ascontiguousarray(values[found])


def _in_time_order(dataset: Dataset, slot: int) -> tuple[Ints, Ints]:
    """The numbers of a symbol's rows, and the open times of their candles."""
    rows = np.flatnonzero(dataset.symbol == slot)
    rows = rows[np.argsort(dataset.ts[rows], kind="stable")]
    return rows, dataset.ts[rows]


def _binned(values: Floats, count: int) -> Ints:
    """The quantile that each value is in, from 0 on; `count` for what is missing."""
    there = values[~np.isnan(values)]
    edges = np.unique(np.quantile(there, np.arange(1, count) / count)) if len(there) else np.empty(0)
    return np.where(np.isnan(values), count, np.searchsorted(edges, values, side="left"))


def _share(bins: Ints, classes: npt.NDArray[Any]) -> float:
    """How much of the entropy of classes the bins tell."""
    _, rows = np.unique(bins, return_inverse=True)
    _, columns = np.unique(classes, return_inverse=True)
    width = int(columns.max()) + 1
    table = np.bincount(rows * width + columns, minlength=(int(rows.max()) + 1) * width).reshape(-1, width)
    joint = table / table.sum()
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    there = joint > 0
    told = float((joint[there] * np.log(joint[there] / apart[there])).sum())
    prior = joint.sum(axis=0)
    entropy = float(-(prior * np.log(prior)).sum())
    bias = (table.shape[0] - 1) * (width - 1) / (2 * len(bins))
    return max(0.0, (told - bias) / entropy) if width > 1 else 0.0
