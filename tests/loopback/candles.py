"""Candles and trades of a loopback market in whole ticks and lots, and the trades that make up each candle."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

TRADE_AT = (1 / 16, 5 / 16, 9 / 16, 15 / 16)
"""When in its candle each trade happens, as a fraction of the timeframe: a candle with volume has four trades."""


class Trade(NamedTuple):
    """One trade: `time` in ms UTC, `price` in ticks, `quantity` in lots."""

    number: int
    time: int
    price: int
    quantity: int
    bought: bool  # by the taker


class Candle(NamedTuple):
    """One candle: `time` is its open in ms UTC, prices in ticks, `volume` in lots, `turnover` in ticks times lots."""

    time: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int = 0
    bought: int = 0  # lots of `volume` that takers bought
    trades: int = 0


class Funding(NamedTuple):
    """A funding payment: `time` in ms UTC, `rate` per interval, `mark` price in ticks."""

    time: int
    rate: Decimal
    mark: int


@dataclass(frozen=True)
class Market:
    """One symbol: its rules, and what truly happened there.

    `candles` are final and without a gap, in the truth's base timeframe; one without volume is a quiet minute, flat at
    the close before it.  `funding` is empty but for a perpetual (`BTC/USDT:USDT`).
    """

    symbol: str
    candles: tuple[Candle, ...]
    tick: Decimal = Decimal("0.01")
    lot: Decimal = Decimal("0.00001")
    min_notional: Decimal = Decimal("5")
    funding: tuple[Funding, ...] = ()

    @property
    def base(self) -> str:
        return self.symbol.split("/")[0]

    @property
    def quote(self) -> str:
        return self.symbol.split("/")[1].split(":")[0]

    @property
    def perpetual(self) -> bool:
        return ":" in self.symbol

    def price(self, ticks: int) -> str:
        """A price in the quote currency, as exchanges write it."""
        return format(self.tick * ticks, "f")

    def quantity(self, lots: int) -> str:
        """A quantity in the base currency, as exchanges write it."""
        return format(self.lot * lots, "f")

    def turnover(self, ticks_times_lots: int) -> str:
        """An amount of the quote currency, as exchanges write it."""
        return format(self.tick * self.lot * ticks_times_lots, "f")

    def average(self, candle: Candle) -> str:
        """The candle's volume-weighted price, to the tick; the close where nothing traded."""
        return self.price(candle.turnover // candle.volume if candle.volume else candle.close)

    def row(self, candle: Candle) -> list[float]:
        """A candle as ccxt gives it: open time in ms, open, high, low, close, volume."""
        prices = (candle.open, candle.high, candle.low, candle.close)
        return [candle.time, *(float(self.price(ticks)) for ticks in prices), float(self.quantity(candle.volume))]


def final(time: int, open: int, high: int, low: int, close: int, volume: int) -> Candle:
    """A candle with the turnover and the takers' share that its own trades give; no volume is a quiet minute.

    >>> final(0, 10, 12, 9, 11, 8)
    Candle(time=0, open=10, high=12, low=9, close=11, volume=8, turnover=84, bought=4, trades=4)
    """
    if not low <= min(open, close) <= max(open, close) <= high:
        raise ValueError(f"no candle has open {open}, high {high}, low {low}, close {close}")
    if 0 < volume < len(TRADE_AT):
        raise ValueError(f"a candle of {volume} lots cannot have {len(TRADE_AT)} trades")
    if not volume and low != high:
        raise ValueError(f"a quiet minute is flat, not from {low} to {high}")
    plain = Candle(time, open, high, low, close, volume)
    return fold(time, trades_of(plain, 1, 0)) if volume else plain


def trades_of(candle: Candle, timeframe: int, first_number: int) -> tuple[Trade, ...]:
    """The trades that make up a final candle of `timeframe` ms, in order."""
    if not candle.volume:
        return ()
    # Which of the two extremes came first must be the same every time, and not always the same one.
    between = (candle.high, candle.low) if (candle.open + candle.volume) % 2 else (candle.low, candle.high)
    part = candle.volume // len(TRADE_AT)
    quantities = (part, part, part, candle.volume - part * (len(TRADE_AT) - 1))
    return tuple(
        Trade(first_number + i, candle.time + int(at * timeframe), price, quantity, i % 2 == 0)
        for i, (at, price, quantity) in enumerate(
            zip(TRADE_AT, (candle.open, *between, candle.close), quantities, strict=True)
        )
    )


def fold(time: int, trades: Iterable[Trade]) -> Candle:
    """The candle that opens at `time` and has these trades, at least one."""
    ordered = tuple(trades)
    prices = [trade.price for trade in ordered]
    return Candle(
        time=time,
        open=prices[0],
        high=max(prices),
        low=min(prices),
        close=prices[-1],
        volume=sum(trade.quantity for trade in ordered),
        turnover=sum(trade.price * trade.quantity for trade in ordered),
        bought=sum(trade.quantity for trade in ordered if trade.bought),
        trades=len(ordered),
    )


def joined(time: int, candles: Iterable[Candle]) -> Candle:
    """The candle that opens at `time` and consists of these shorter ones, at least one."""
    whole = reduce(_followed, candles)
    return whole._replace(time=time)


def _followed(one: Candle, other: Candle) -> Candle:
    return Candle(
        one.time, one.open, max(one.high, other.high), min(one.low, other.low), other.close,
        one.volume + other.volume, one.turnover + other.turnover, one.bought + other.bought, one.trades + other.trades,
    )  # fmt: skip
