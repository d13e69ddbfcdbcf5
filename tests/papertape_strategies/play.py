"""A strategy alone, fed candle by candle: a seat with windows, and a book that a test fills by hand."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from papertape import (
    BookView,
    Candles,
    Context,
    Features,
    Floats,
    Instrument,
    Position,
    Row,
    Signal,
    Snapshot,
    Strategy,
    Wish,
    WorkingOrder,
)

MINUTE = 60_000
Market = Mapping[str, Sequence[Row | None]]


@dataclass
class Seat:
    """The host's side of the snapshots."""

    lookback: int
    market: Market
    batch: int = 0
    equity: float = 10_000.0
    positions: dict[str, Position] = field(default_factory=dict)
    orders: tuple[WorkingOrder, ...] = ()

    def window(self, symbol: str, timeframe: str | None) -> Candles:
        seen = [row for row in self.market[symbol][: self.batch + 1] if row is not None]
        return Candles.pack(seen[-self.lookback :])

    def features(self, slot: int) -> Features:
        raise NotImplementedError

    def book(self) -> BookView:
        return BookView("book", Decimal(10_000), self.equity, self.positions, self.orders)

    def position(self, symbol: str) -> Position:
        return self.positions.get(symbol, Position(symbol, Decimal(0), None, None))

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.batch)


def snapshot_of(market: Market, batch: int, seat: Seat) -> Snapshot:
    """What a strategy sees when batch `batch` of the market has closed."""
    symbols = tuple(market)
    last = tuple(next((row for row in reversed(market[s][: batch + 1]) if row is not None), None) for s in symbols)
    fresh = tuple(symbol for symbol in symbols if market[symbol][batch] is not None)
    index = {symbol: slot for slot, symbol in enumerate(symbols)}
    seat.batch = batch
    return Snapshot((batch + 1) * MINUTE, batch, symbols, fresh, last, index, seat)


def started(strategy: Strategy, symbols: Iterable[str]) -> Strategy:
    """The strategy, told of a session of these symbols."""
    instruments = {symbol: Instrument(symbol, "USDT") for symbol in symbols}
    strategy.on_start(Context("book", tuple(instruments), "1m", instruments))
    return strategy


def play(strategy: Strategy, market: Market, first: int = 0, last: int | None = None) -> list[tuple[int, Wish]]:
    """All that a started strategy wishes from batch `first` to before `last`, with the number of the batch."""
    seat = Seat(strategy.lookback(), market)
    batches = range(first, len(next(iter(market.values()))) if last is None else last)
    return [(k, wish) for k in batches for wish in strategy.on_snapshot(snapshot_of(market, k, seat)) or ()]


def actions(strategy: Strategy, market: Market) -> list[tuple[int, str, str]]:
    """(batch, symbol, action) of all signals of a fresh strategy over the market."""
    wishes = play(started(strategy, market), market)
    return [(batch, wish.symbol, wish.action) for batch, wish in wishes if isinstance(wish, Signal)]


def through_json(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state as a checkpoint would give it back."""
    kept: dict[str, Any] = json.loads(json.dumps(dict(state), sort_keys=True))
    return kept


def walk(seed: int, count: int, step: float = 0.01) -> list[Row | None]:
    """A geometric random walk of one-minute candles around 100."""
    chance = np.random.default_rng(seed)
    closes = 100.0 * np.exp(np.cumsum(chance.normal(0.0, step, count)))
    opens = np.concatenate(([100.0], closes[:-1]))
    highs = np.maximum(opens, closes) * (1.0 + step * chance.random(count))
    lows = np.minimum(opens, closes) * (1.0 - step * chance.random(count))
    columns = zip(opens.tolist(), highs.tolist(), lows.tolist(), closes.tolist(), strict=True)
    return [(k * MINUTE, o, h, l_, c, 5.0, 0) for k, (o, h, l_, c) in enumerate(columns)]


def flat(closes: Iterable[float]) -> list[Row | None]:
    """Candles without a range, one for each close."""
    return [(k * MINUTE, c, c, c, c, 5.0, 0) for k, c in enumerate(closes)]


def closes_of(rows: Sequence[Row | None]) -> Floats:
    return np.array([row[4] for row in rows if row is not None])


def highs_of(rows: Sequence[Row | None]) -> Floats:
    return np.array([row[2] for row in rows if row is not None])


def lows_of(rows: Sequence[Row | None]) -> Floats:
    return np.array([row[3] for row in rows if row is not None])
