"""Where a truth comes from: a seeded random walk, or recorded candles moved to the clock's time."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
from tests.loopback.candles import TRADE_AT, Candle, Funding, Market, final
from tests.loopback.truth import Truth

from papertape.market.timeframe import align, period

FUNDING_EVERY = 8 * 3_600_000  # ms
TICKS = (Decimal("0.1"), Decimal("0.01"), Decimal("0.0001"))
LOTS = (Decimal("0.001"), Decimal("0.00001"), Decimal("0.1"))


def walk(
    symbols: Sequence[str], began: int, count: int, history: int = 120, timeframe: str = "1m", seed: int = 0,
    quiet: float = 0.02,
) -> Truth:  # fmt: skip
    """A random walk of `history` candles before `began` (ms UTC) and `count` after it; the same seed is the same walk.

    `quiet` is the share of candles without a trade.
    """
    first = align(began, timeframe) - history * period(timeframe)
    return Truth(
        [_walked(symbol, number, first, count + history, timeframe, seed, quiet)
         for number, symbol in enumerate(symbols)], timeframe,
    )  # fmt: skip


def _walked(symbol: str, number: int, first: int, count: int, timeframe: str, seed: int, quiet: float) -> Market:
    chance = Random(f"{seed} {symbol}")
    close = chance.randrange(200_000, 900_000)
    step = close // 2_000
    candles: list[Candle] = []
    for index in range(count):
        time = first + index * period(timeframe)
        if index and chance.random() < quiet:
            candles.append(final(time, close, close, close, close, 0))
            continue
        opened = max(close + chance.randint(-2, 2), 2 * step)
        close = max(opened + chance.randint(-step, step), 2 * step)
        high = max(opened, close) + chance.randint(0, step // 2)
        low = min(opened, close) - chance.randint(0, step // 2)
        candles.append(final(time, opened, high, low, close, chance.randint(8, 50_000)))
    market = Market(symbol, tuple(candles), TICKS[number % len(TICKS)], LOTS[number % len(LOTS)])
    return _funded(market, period(timeframe), chance) if market.perpetual else market


def _funded(market: Market, base: int, chance: Random) -> Market:
    first, last = market.candles[0].time, market.candles[-1].time + base
    times = range(first - first % FUNDING_EVERY + FUNDING_EVERY, last + FUNDING_EVERY, FUNDING_EVERY)
    marks = [market.candles[min((time - first) // base, len(market.candles) - 1)].open for time in times]
    payments = [
        Funding(time, Decimal(chance.randint(-7_500, 7_500)).scaleb(-8), mark)
        for time, mark in zip(times, marks, strict=True)
    ]
    return Market(market.symbol, market.candles, market.tick, market.lot, market.min_notional, tuple(payments))


def recorded(
    path: Path, symbol: str, began: int, count: int, history: int = 120, start: int = 0, timeframe: str = "1m",
    tick: Decimal = Decimal("0.01"), lot: Decimal = Decimal("0.00001"),
) -> Market:  # fmt: skip
    """Rows `start` on of a Parquet file of candles, moved in time: row `history` opens at `began`.

    Times follow one another without a gap, whatever the file has; prices go to the nearest tick and volumes to the
    nearest lot, with enough lots for the trades of a candle.
    """
    table = pq.read_table(path).slice(start, history + count)
    if len(table) < history + count:
        raise ValueError(f"{path} has {len(table)} rows from number {start}, not {history + count}")
    first = align(began, timeframe) - history * period(timeframe)
    columns = [table.column(name).to_pylist() for name in ("open", "high", "low", "close", "volume")]
    candles: list[Candle] = []
    for index, (*prices, volume) in enumerate(zip(*columns, strict=True)):
        time = first + index * period(timeframe)
        ticks = [round(Decimal(repr(price)) / tick) for price in prices]
        if volume:
            lots = max(round(Decimal(repr(volume)) / lot), len(TRADE_AT))
            candles.append(final(time, ticks[0], ticks[1], ticks[2], ticks[3], lots))
        else:
            flat = candles[-1].close if candles else ticks[0]
            candles.append(final(time, flat, flat, flat, flat, 0))
    return Market(symbol, tuple(candles), tick, lot)
