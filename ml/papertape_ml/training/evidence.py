"""What the manifest keeps of the training data, so that drift is seen later: bins and thresholds by feature."""

from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.data.dataset import Dataset
from papertape_ml.judging.drift import bins_of, threshold

WINDOWS: Final = (100, 500, 2_000)
"""Candles of one symbol over which drift is looked at."""


def drift_bins(dataset: Dataset, columns: tuple[str, ...]) -> dict[str, Any]:
    """By feature: `edges` and `shares` of the bins over all rows, and `threshold` by window: the index that windows of
    so many neighbouring rows of one symbol stay below 999 times in 1,000, of the symbol where that is highest. Windows
    longer than half of a symbol's rows have none.

    Rows before a feature's first value are left out: a session warms up before it begins, so a whole window without a
    value is drift there, and no threshold may be as high as that.
    """
    groups = [np.flatnonzero(dataset.symbol == slot) for slot in range(len(dataset.symbols))]
    found = {}
    for name in columns:
        column = dataset.features[:, dataset.names.index(name)]
        series = [each for rows in groups if len(each := _warm(column[rows]))]
        bins = bins_of(np.concatenate(series) if series else column)
        limits = {}
        for window in WINDOWS:
            each_limit = [threshold(bins, values, window) for values in series if len(values) >= 2 * window]
            if each_limit:
                limits[str(window)] = max(each_limit)
        found[name] = {**bins.as_document(), "threshold": limits}
    return found


def _warm(values: Floats) -> Floats:
    """The values from the first on that is there."""
    there = ~np.isnan(values)
    return values[int(there.argmax()) :] if there.any() else values[:0]
