"""Candle files and catalogues for tests of datasets."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from papertape.contract.candle import Floats
from papertape.features.catalogue import Catalogue
from papertape.features.families.momentum.rsi import FAMILY as RSI
from papertape.features.families.panel.comovement import FAMILY as CORRELATION
from papertape.features.families.volatility.bollinger import FAMILY as BOLLINGER
from papertape.features.feature_set import FeatureSet
from papertape.feeds.sources import Source

MINUTE = 60_000
START = 1_700_000_040_000
NAMES = ("rsi_5", "bb_width", "bb_position_10_2", "rsi_2@3m")


def find() -> Catalogue:
    """The catalogue of these tests, for worker processes too."""
    return Catalogue([RSI, BOLLINGER, CORRELATION])


def market(seed: int = 1, count: int = 900, symbols: Sequence[str] = ("A", "B")) -> dict[str, Floats]:
    """Candles of several symbols, each with holes and a start of its own."""
    found = {}
    for number, symbol in enumerate(symbols):
        chance = np.random.default_rng([seed, number])
        closes = 100 * np.exp(np.cumsum(chance.normal(0, 0.003, count)))
        opens = np.concatenate([[100.0], closes[:-1]]) * np.exp(chance.normal(0, 0.0005, count))
        high = np.maximum(opens, closes) * (1 + 0.001 * chance.random(count))
        low = np.minimum(opens, closes) * (1 - 0.001 * chance.random(count))
        ts = START + MINUTE * (np.arange(count) + 37.0 * number)
        rows = np.array([ts, opens, high, low, closes, chance.integers(0, 50, count).astype(np.float64)])
        found[symbol] = np.ascontiguousarray(rows[:, chance.random(count) > 0.04])
    return found


def files(candles: dict[str, Floats], folder: Path) -> tuple[tuple[Source, ...], ...]:
    """The candles as CSV files, one a symbol."""
    found = []
    for symbol, rows in candles.items():
        path = folder / f"x_{symbol}_1m.csv"
        lines = [f"{int(row[0])}," + ",".join(map(repr, row[1:])) for row in rows.T.tolist()]
        path.write_text("\n".join(["ts,open,high,low,close,volume", *lines]) + "\n")
        found.append((Source(path, symbol, "1m"),))
    return tuple(found)


def wanted(names: Sequence[str] = NAMES, known: Catalogue | None = None) -> FeatureSet:
    """The feature set of these names, of both symbols."""
    return FeatureSet((known or find()).select(names), "1m", ("A", "B"))
