"""Real candles that features are compared with TA-Lib on."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.features.reference.unblanked import DAY, Ours

from papertape.contract.candle import Floats
from papertape.store.candle_files import read_columns

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
needs_candles = pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")

FILES = {
    "kraken_BTCUSDC_1m": (60_000, 6_000),  # minutes without a trade are not there
    "binanceus_BTCUSD_1m": (60_000, 6_000),  # minutes without a trade have no volume
    "binanceusdm_ADAUSDT_1h": (3_600_000, 6_000),
    "binance_BTCUSDT_1d": (DAY, 2_608),
}
"""Files: their period, ms, and how many candles are taken."""


@cache
def candles(name: str, most: int) -> Floats:
    """The first candles (6, n) of a file, ts to volume."""
    assert DATA is not None
    parts = read_columns(Path(DATA, "candles", f"{name}.parquet"))
    return np.concatenate([np.array(part[:6], np.float64) for part in parts], axis=1)[:, :most]


@cache
def ours(name: str) -> Ours:
    """A file's candles, and features of them after their declared warm-up."""
    period, most = FILES[name]
    return Ours(candles(name, most), period, blanked=True)
