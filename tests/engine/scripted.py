"""Real sessions over given candles, with strategies that say what a script tells them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from papertape import Block, Feed, Row, Snapshot, Strategy, Wish
from papertape.broker.book import Book
from papertape.engine.build import Built, build
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.discovery import Plugins, load_plugins
from papertape.engine.events import carry_out
from papertape.engine.fold import stretches
from papertape.engine.registered import Kind, Registered
from papertape.ledger.records import Effects, FillRow, OrderRow
from papertape.market.timeframe import period

MINUTE = 60_000
Bar: TypeAlias = tuple[float, ...] | None
"""(open, high, low, close) or with a volume; None where the symbol has no candle."""
Market: TypeAlias = Mapping[str, Sequence[Bar]]
Script: TypeAlias = Mapping[int, Sequence[Wish | Exception]]
"""What a strategy wishes, by number of the batch that has just closed; an exception is raised when its turn comes."""
Events: TypeAlias = Mapping[int, Sequence[Mapping[str, Any]]]
NONE: Events = {}
Batch: TypeAlias = tuple[Row | None, ...]


class Rows(Feed):
    """Given candles as a feed: batch k opens at k timeframes after the epoch; `warmed` of them are warm-up. `events`:
    by number of the batch before which they stand."""

    def __init__(self, market: Market, timeframe: str = "1m", warmed: int = 0, events: Events = NONE) -> None:
        super().__init__()
        self.symbols, self.timeframe, self.warmed = tuple(market), timeframe, warmed
        self.span = period(timeframe)
        columns = [[_row(bar, k * self.span) for k, bar in enumerate(bars)] for bars in market.values()]
        self.batches: list[Batch] = list(zip(*columns, strict=True))
        self.events = events

    def describe(self) -> Mapping[str, Any]:
        return {"params": {}}

    def blocks(self, start: int = 0) -> Iterator[Block]:
        rows = self.batches[start:]
        events = tuple((k - start, event) for k in sorted(self.events) if k >= start for event in self.events[k])
        yield Block([(start + k + 1) * self.span for k in range(len(rows))], rows, events=events)


def _row(bar: Bar, ts: int) -> Row | None:
    if bar is None:
        return None
    opened, high, low, close, *volume = bar
    return (ts, opened, high, low, close, volume[0] if volume else 1_000.0, 2)


def flat(*prices: float) -> list[Bar]:
    """Candles without a range."""
    return [(price,) * 4 for price in prices]


def walk(seed: int, count: int, holes: float = 0.0, gap: float = 0.003) -> list[Bar]:
    """A random walk of 1 % steps around 100, whose opens differ from the closes before them; some candles absent."""
    chance = np.random.default_rng(seed)
    closes = 100.0 * np.exp(np.cumsum(chance.normal(0.0, 0.01, count)))
    opens = np.concatenate(([100.0], closes[:-1])) * np.exp(chance.normal(0.0, gap, count))
    highs = np.maximum(opens, closes) * (1.0 + 0.004 * chance.random(count))
    lows = np.minimum(opens, closes) * (1.0 - 0.004 * chance.random(count))
    bars: list[Bar] = [tuple(bar) for bar in np.round(np.column_stack((opens, highs, lows, closes)), 2).tolist()]
    return [None if hole else bar for bar, hole in zip(bars, chance.random(count) < holes, strict=True)]


def scripted(script: Script) -> type[Strategy]:
    """A strategy that wishes what the script says."""

    class Scripted(Strategy):
        """Wishes what a script says."""

        keeps = ()

        def lookback(self) -> int:
            return 1

        def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
            for wish in script.get(snapshot.batch, ()):
                if isinstance(wish, Exception):
                    raise wish
                yield wish

    return Scripted


@cache
def installed() -> Plugins:
    """Every plugin of this environment, none of which fails to load."""
    plugins = load_plugins()
    assert not plugins.failures
    return plugins


@cache
def without_models() -> tuple[str, ...]:
    """The strategies installed that ask for no model."""
    offered = installed().of_kind("strategy").items()
    return tuple(sorted(name for name, one in offered if not tuple(one.create(name, {}).models())))


def plugins_with(parts: Iterable[tuple[Kind, str, Any]]) -> Plugins:
    """What is installed, and a test's own components."""
    own = tuple(Registered(kind, name, component, "tests", "tests", "0") for kind, name, component in parts)
    return replace(installed(), components=(*installed().components, *own))


@dataclass
class Played:
    """A session, the feed it was given, and what it did so far."""

    built: Built
    feed: Rows
    effects: Effects

    def book(self, name: str = "scripted") -> Book:
        return next(book for book in self.built.session.books if book.name == name)

    @property
    def fills(self) -> list[FillRow]:
        return self.effects.fills

    @property
    def orders(self) -> list[OrderRow]:
        return sorted(self.effects.orders, key=lambda order: order.seq)

    @property
    def refusals(self) -> list[tuple[int, str]]:
        """(batch, reason) of every refused order."""
        return [(order.batch, order.reason) for order in self.orders if order.status == "refused"]

    @property
    def traded(self) -> list[tuple[int, str, str, float, float]]:
        """(batch, role, side, quantity, price) of every fill."""
        return [(f.batch, f.role, f.side, float(f.quantity), float(f.price)) for f in self.fills]


DEFAULTS: Mapping[str, Any] = {"fee_bps": Decimal(0), "sizer": Spec("fixed-quantity", {"quantity": 10})}
"""No fees and ten units an entry: what a reader can follow in the head."""


def started(
    feed: Feed,
    strategies: Mapping[str, type[Strategy]],
    parts: Iterable[tuple[Kind, str, Any]] = (),
    **config: Any,
) -> Built:
    """A session over `feed`, before its first batch; `strategies` by the name of their book."""
    plugins = plugins_with([*parts, *(("strategy", name, cls) for name, cls in strategies.items())])
    specs = tuple(Spec(name) for name in strategies)
    built = build(SessionConfig(**{**DEFAULTS, **config, "strategies": specs}), plugins, feed)
    built.session.start(built.contexts)
    return built


def step_on(built: Built, feed: Feed, last: int | None = None) -> Built:
    """Steps a session from where it stands to before batch `last`, or to the feed's end."""
    first = built.session.journal.batch + 1
    for block in feed.blocks(first):
        count = len(block.times) if last is None else max(0, last - first)
        for events, times, rows in list(stretches(block, 1))[:count]:
            carry_out(built.session, events)
            built.session.run(times, rows)
        first += len(block.times)
    return built


def play_all(
    market: Market,
    strategies: Mapping[str, type[Strategy]],
    parts: Iterable[tuple[Kind, str, Any]] = (),
    warmed: int = 0,
    events: Events = NONE,
    **config: Any,
) -> Played:
    """A whole session of these strategies."""
    feed = Rows(market, warmed=warmed, events=events)
    built = step_on(started(feed, strategies, parts, **config), feed)
    return Played(built, feed, built.session.journal.drain())


def play(market: Market, script: Script, **options: Any) -> Played:
    """A whole session of one strategy, `scripted`, that wishes what the script says."""
    return play_all(market, {"scripted": scripted(script)}, **options)
