"""Windows of candles: which features a sequence model reads, under which names, and which rows are whole."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Ints
from papertape_ml.models.contract import Array

SEQUENCE: Final = (
    "returns_1", "price_vs_ema_21", "rsi_14", "bb_position", "atr_pct", "volatility_20", "close_location",
    "wick_balance", "volume_zscore", "trade_imbalance",
)  # fmt: skip
"""What the predictor reads of each candle: the move, where it stands, how wild it is, its shape, its volume."""

WINDOW: Final = 60
"""Candles."""


def flattened(features: Sequence[str], window: int) -> tuple[str, ...]:
    """The names of a window's inputs: oldest candle first, and within a candle the features in their order.

    >>> flattened(("rsi_14", "atr_pct"), 2)
    ('rsi_14[t-1]', 'atr_pct[t-1]', 'rsi_14[t-0]', 'atr_pct[t-0]')
    """
    return tuple(f"{name}[t-{lag}]" for lag in range(window - 1, -1, -1) for name in features)


def gathered(series: Array, last: Ints, window: int) -> Array:
    """The windows ``(n, window x features)`` that end with the rows ``last`` of a series ``(candles, features)``."""
    whole: Array = series[last[:, None] + np.arange(1 - window, 1)]
    return whole.reshape(len(last), -1)


def whole_windows(series: Array, begins: Ints, last: Ints, window: int) -> NDArray[np.bool_]:
    """Which windows (n,) lie within their symbol's candles and hold no NaN.

    ``begins``: of each window, the row with which the series of its symbol begins.
    """
    bad = np.concatenate(([0], np.cumsum(np.isnan(series).any(axis=1))))
    first = last - window + 1
    enough = first >= begins
    return np.asarray(enough & (bad[last + 1] == bad[np.maximum(first, 0)]))
