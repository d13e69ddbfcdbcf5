"""Candles that features are proven on: simulated ones with all that real ones have wrong with them, or files'."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import CLOSE, HIGH, LOW, OPEN, VOLUME, Floats
from papertape.contract.errors import RequestError
from papertape.features.stream import RAW
from papertape.feeds.merge import concatenate
from papertape.feeds.reading import symbol_candles
from papertape.feeds.rows import Scope
from papertape.feeds.sim import SimFeed
from papertape.feeds.sources import Source

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
Told = Callable[[int], object]


def simulated(bars: int, timeframe: str, seed: int, told: Told = lambda candles: None) -> list[Floats]:
    """Candles (6, n) of the three `SYMBOLS` over `bars` batches: with holes, outliers, jumps, and without volume here
    and there; the last symbol begins later. `told` hears how many there are so far."""
    feed = SimFeed(symbols=list(SYMBOLS), timeframe=timeframe, batches=bars, seed=seed)
    pieces: list[list[Floats]] = [[] for _ in SYMBOLS]
    count = 0
    for block in feed.blocks():
        for slot, held in enumerate(pieces):
            rows = [row[slot][:RAW] for row in block.rows if row[slot] is not None]  # type: ignore[index]
            if rows:
                held.append(np.array(rows, np.float64))
            count += len(rows)
        told(count)
    found = [
        spoilt(np.concatenate(held).T.copy(), np.random.default_rng([seed, slot])) for slot, held in enumerate(pieces)
    ]
    late = min(bars // 20, 100)
    return [*found[:-1], found[-1][:, late:]]


def spoilt(candles: Floats, random: np.random.Generator) -> Floats:
    """Candles as markets give them on their bad days."""
    count = candles.shape[1]
    for at in random.choice(count, max(1, count // 2000), replace=False):
        candles[OPEN : CLOSE + 1, at:] *= random.choice([0.6, 1.7])  # a jump
    wild = random.choice(count, max(1, count // 500), replace=False)
    candles[HIGH, wild] *= 1.8
    candles[LOW, wild] /= 1.8
    candles[VOLUME, random.random(count) < 0.03] = 0.0
    flat, silent = count // 3, min(count, count // 3 + 40)
    candles[OPEN : CLOSE + 1, flat:silent] = candles[CLOSE, flat]  # nobody trades
    candles[VOLUME, flat:silent] = 0.0
    kept: npt.NDArray[np.bool_] = np.asarray(random.random(count) >= 0.01)
    kept[count // 2 : count // 2 + 50] = False
    return np.ascontiguousarray(candles[:, kept])


def read(sources: Sequence[Sequence[Source]], bars: int, told: Told = lambda candles: None) -> list[Floats]:
    """The first `bars` candles (6, n) of each symbol, bad rows left out. `told` hears how many there are so far."""
    found: list[Floats] = []
    for files in sources:
        pieces, count = [], 0
        for rows, _ in symbol_candles(files, Scope("", "", skip=True)):
            pieces.append(rows)
            count += len(rows.ts)
            told(sum(one.shape[1] for one in found) + count)
            if count >= bars:
                break
        if not count:
            raise RequestError(f"{files[0].path} holds no candle")
        found.append(np.array(concatenate(pieces).part(0, bars)[:RAW], np.float64))
    return found
