"""Features of a handful of candles, for tests of families."""

from collections.abc import Sequence

import numpy as np

from papertape.contract.candle import Floats
from papertape.features.catalogue import Catalogue
from papertape.features.families import own_families
from papertape.features.plan import plan
from papertape.features.stream import Stream

CATALOGUE = Catalogue(own_families())


def computed(names: Sequence[str], candles: Floats, period: int = 60_000) -> Floats:
    """The features (n, names) of one symbol's candles (6, n): ts, open, high, low, close, volume."""
    layout = plan(CATALOGUE.select(names), ["X/Y"])
    return Stream(layout, period).run([np.ascontiguousarray(candles)])[:, 0, list(layout.columns)]


def panel(names: Sequence[str], symbols: Sequence[str], candles: Sequence[Floats], period: int = 60_000) -> Floats:
    """The features (n, symbols, names) of several symbols, each of which has every candle."""
    layout = plan(CATALOGUE.select(names), symbols)
    return Stream(layout, period).run(candles)[:, :, list(layout.columns)]


def candles_of(closes: Sequence[float], period: int = 60_000, volume: float = 1.0) -> Floats:
    """Candles (6, n) that open at the close before, with nothing beyond open and close."""
    close = np.asarray(closes, np.float64)
    opens = np.concatenate([close[:1], close[:-1]])
    ts = 1_700_000_000_000 // period * period + period * np.arange(len(close), dtype=np.float64)
    return np.array([ts, opens, np.maximum(opens, close), np.minimum(opens, close), close, np.full(len(close), volume)])
