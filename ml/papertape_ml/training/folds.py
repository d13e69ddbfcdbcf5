"""Folds of four parts in time order, purged: what is fitted, what stops it, what calibrates it, what tests it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from papertape.contract.candle import Ints
from papertape.contract.errors import InvalidValue
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import TooLittleHistory
from papertape_ml.splits import SHARES, Fold, Learned, learned, walk_forward

FIRST: Final = 0.4
"""The share of the rows that is only ever learned from."""
LEAST: Final = 30
"""Rows that each part needs."""
_ROOM: Final = 0.25
"""The largest part of the first stretch to learn from that an embargo may take."""


@dataclass(frozen=True, slots=True)
class Folds:
    """Walk-forward folds: what each learns from in three parts, and its test. `embargo`: ms, before each test;
    `needed`: what it should be, longer where the rows span too little time for it."""

    learned: tuple[Learned, ...]
    tests: tuple[Ints, ...]
    embargo: int
    needed: int


def folds_of(dataset: Dataset, count: int) -> Folds:
    """The folds of a dataset. Raises `TooLittleHistory`, which says what there is and what would do."""
    if not len(dataset):
        raise TooLittleHistory("there is no row to learn from")
    embargo = fitting_embargo(dataset)
    try:
        found = walk_forward(dataset.t0, dataset.t1, count, embargo, first=FIRST)
        parts = tuple(parts_of(dataset, fold) for fold in found)
    except InvalidValue as wrong:
        raise TooLittleHistory(f"{wrong}; bring more candles, or take fewer --folds") from None
    return Folds(parts, tuple(fold.test for fold in found), embargo, dataset.embargo)


def parts_of(dataset: Dataset, fold: Fold) -> Learned:
    """What a fold learns from, in three parts. Raises `TooLittleHistory` and `InvalidValue`."""
    parts = learned(dataset.t0, dataset.t1, fold.train, SHARES)
    for name, rows in (("fit", parts.fit), ("stop", parts.stop), ("calibrate", parts.calibrate), ("test", fold.test)):
        if len(rows) < LEAST:
            raise TooLittleHistory(
                f"{len(rows)} rows are left to {name} on, and {LEAST} are needed; of {len(dataset):,} rows fold "
                f"{fold.groups[0] + 1} learns from {len(fold.train):,}: bring more candles, or take fewer --folds"
            )
    return parts


def fitting_embargo(dataset: Dataset) -> int:
    """The dataset's embargo, ms; where that would take more than a quarter of the first stretch to learn from, only so
    much, but never less than the label's horizon."""
    first = int((dataset.t0.max() - dataset.t0.min()) * FIRST * _ROOM)
    return min(dataset.embargo, max(dataset.horizon, first))


def tail(dataset: Dataset, share: float = SHARES[2]) -> tuple[Ints, Ints]:
    """What the model that is shipped is fitted on and calibrated on: the last share of the rows is the calibration
    tail, and all that came before is fitted, less what its labels share with the tail. Raises `TooLittleHistory`."""
    cut = np.sort(dataset.t0)[int(len(dataset) * (1.0 - share))]
    before, last = np.flatnonzero((dataset.t0 < cut) & (dataset.t1 < cut)), np.flatnonzero(dataset.t0 >= cut)
    if min(len(before), len(last)) < LEAST:
        raise TooLittleHistory(
            f"{len(before)} rows are left to fit on and {len(last)} to calibrate on, and {LEAST} of each are needed; "
            "bring more candles"
        )
    return before, last
