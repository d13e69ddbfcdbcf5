"""Snapshots: what a strategy sees when a batch has closed, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np

from papertape.contract.candle import CLOSE, Candle, Candles, Row
from papertape.contract.errors import InvalidValue, StaleSnapshot
from papertape.contract.feature import Features
from papertape.contract.order import WorkingOrder


@dataclass(frozen=True, slots=True)
class Position:
    """What a book holds of a symbol. `quantity`: signed units; `entry_price`: average, quote currency, None if flat."""

    symbol: str
    quantity: Decimal
    entry_price: Decimal | None
    opened_at: int | None


@dataclass(frozen=True, slots=True)
class BookView:
    """A strategy's own book as just marked, frozen. Money in quote currency; `equity` at the batch's closes."""

    name: str
    cash: Decimal
    equity: float
    positions: Mapping[str, Position]
    orders: tuple[WorkingOrder, ...]


class Seat(Protocol):
    """The host's side of a snapshot: one per strategy. Plugins never touch it."""

    @property
    def batch(self) -> int: ...
    def window(self, symbol: str, timeframe: str | None) -> Candles: ...
    def features(self, slot: int) -> Features: ...
    def book(self) -> BookView: ...
    def position(self, symbol: str) -> Position: ...
    def rng(self) -> np.random.Generator: ...


class Snapshot:
    """The market at one close, shared by all, and the strategy's own book.

    `now`: ms UTC, the close of the newest candle. `batch`: its number, 0 first. `symbols`: the session's, in its order.
    `fresh`: those with a candle in this very batch; the others stand still. Values can be kept; the snapshot itself
    answers about windows and the book only during the call it was made for (`StaleSnapshot` afterwards).
    """

    __slots__ = ("_index", "_last", "_seat", "batch", "fresh", "now", "symbols")

    def __init__(
        self,
        now: int,
        batch: int,
        symbols: tuple[str, ...],
        fresh: tuple[str, ...],
        last: tuple[Row | None, ...],
        index: Mapping[str, int],
        seat: Seat,
    ) -> None:
        self.now = now
        self.batch = batch
        self.symbols = symbols
        self.fresh = fresh
        self._last = last
        self._index = index
        self._seat = seat

    def close(self, symbol: str) -> float:
        """The last close of `symbol`, quote currency. Raises `InvalidValue` if it is unknown or has no candle yet."""
        try:
            return self._last[self._index[symbol]][CLOSE]  # type: ignore[index]  # None: no candle yet
        except (KeyError, TypeError):
            raise self._absent(symbol) from None

    def candle(self, symbol: str) -> Candle:
        """The last closed candle of `symbol`. Raises `InvalidValue` if it is unknown or has none yet."""
        try:
            return Candle._make(self._last[self._index[symbol]])  # type: ignore[arg-type]
        except (KeyError, TypeError):
            raise self._absent(symbol) from None

    def candles(self, symbol: str, timeframe: str | None = None) -> Candles:
        """The last min(seen, lookback) closed candles, oldest first; also of a higher timeframe that was declared."""
        if self._seat.batch != self.batch:
            raise StaleSnapshot(f"the snapshot of batch {self.batch} is over: keep its candles, not the snapshot")
        return self._seat.window(symbol, timeframe)

    def features(self, symbol: str) -> Features:
        """The features of `symbol` that the strategy asks for, at the close of this batch; NaN where one is missing,
        and all of them for a symbol that is not in `fresh`."""
        self._live()
        if symbol not in self._index:
            raise self._absent(symbol)
        return self._seat.features(self._index[symbol])

    def age(self, symbol: str) -> int | None:
        """How long ago, in ms, the last candle of `symbol` opened; None before its first."""
        if symbol not in self._index:
            raise self._absent(symbol)
        row = self._last[self._index[symbol]]
        return None if row is None else self.now - row[0]

    @property
    def book(self) -> BookView:
        """The strategy's own book. A strategy that reads it has signals that depend on its own fills."""
        self._live()
        return self._seat.book()

    def position(self, symbol: str) -> Position:
        """What the strategy's own book holds of `symbol` now."""
        self._live()
        if symbol not in self._index:
            raise self._absent(symbol)
        return self._seat.position(symbol)

    @property
    def rng(self) -> np.random.Generator:
        """Chance for this strategy and batch, seeded by (session seed, book, batch); the same on every fold."""
        self._live()
        return self._seat.rng()

    def _live(self) -> None:
        if self._seat.batch != self.batch:
            raise StaleSnapshot(f"the snapshot of batch {self.batch} is over: keep what you read from it")

    def _absent(self, symbol: str) -> InvalidValue:
        if symbol in self._index:
            return InvalidValue(f"{symbol} has no candle yet; ask for symbols in snapshot.fresh")
        return InvalidValue(f"symbol {symbol!r} is not in this session; it has {', '.join(self.symbols)}")
