"""The sizer's own book: its signals traded by the host's engine and broker, and what it saw at each entry."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from papertape.contract.candle import TS, Floats, Ints
from papertape.contract.feed import Block, Feed
from papertape.engine.build import build
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.discovery import Plugins
from papertape.engine.registered import Registered
from papertape.features.batches import merged
from papertape.market.timeframe import period
from papertape_ml.data.build import Market
from papertape_ml.models.contract import Model
from papertape_ml.sizing.growth import deepest
from papertape_ml.sizing.inputs import INPUTS
from papertape_ml.sizing.players import Notes, NotingSizer, Plan, SignalPlayer
from papertape_ml.sizing.signals import Signals

Progress = Callable[[int, int], None]
"""Batches done, and batches in all."""

_AT_ONCE: Final = 4096
PLAYER: Final = "training-signals"
SIZER: Final = "noting-sizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """Where signals are traded. `candles`: (6, n) of each symbol; `warmup`: ms of candles before the first signal;
    `reference`: the session's; `short`: whether shorts are traded, on margin without leverage; `fee_bps`: of a taker,
    one way."""

    candles: Market
    timeframe: str
    plugins: Plugins
    warmup: int
    fee_bps: float
    reference: str | None = None
    short: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Rolled:
    """What a book came to. Of each entry that was sized and came to an end, in order of time: `signals`, its number;
    `rows` (n, 13), what the sizer saw; `parts`, what it asked for, of equity; `returns`, after fees, of its notional
    (both empty for a sizer of the host's). `gains`: log growth of the book at each close, from the first signal on;
    `trips`: positions that were opened and closed."""

    signals: Ints
    rows: Floats
    parts: Floats
    returns: Floats
    gains: Floats
    trips: int

    @property
    def growth(self) -> float:
        """Log growth of the book in all."""
        return float(self.gains.sum())

    @property
    def drawdown(self) -> float:
        """The deepest fall below the top so far, as a fraction of that."""
        return deepest(self.gains)


class Arrays(Feed):
    """Candles in memory as a feed, the first `warmed` batches for warm-up."""

    def __init__(self, candles: Market, timeframe: str, first: int) -> None:
        super().__init__()
        self.symbols, self.timeframe = tuple(candles), timeframe
        self._columns = list(candles.values())
        times, self._fresh = merged(self._columns)
        self._closes = times.astype(np.int64) + period(timeframe)
        self.warmed = int(np.searchsorted(self._closes, first))

    def describe(self) -> Mapping[str, Any]:
        return {"params": {}}

    def total(self) -> int:
        return len(self._closes)

    def blocks(self, start: int = 0) -> Iterator[Block]:
        seen = self._fresh[:start].sum(axis=0).tolist()
        for begin in range(start, len(self._closes), _AT_ONCE):
            fresh = self._fresh[begin : begin + _AT_ONCE]
            rows: list[list[Any]] = []
            for slot, column in enumerate(self._columns):
                count = int(fresh[:, slot].sum())
                part = column[:, seen[slot] : seen[slot] + count]
                seen[slot] += count
                found = iter([(int(ts), *rest, 0) for ts, *rest in part.T.tolist()])
                rows.append([next(found) if there else None for there in fresh[:, slot].tolist()])
            yield Block(self._closes[begin : begin + _AT_ONCE].tolist(), list(zip(*rows, strict=True)))


def roll(
    signals: Signals,
    plan: Plan,
    venue: Venue,
    says: Model | float | Spec,
    least: float = 0.0,
    progress: Progress | None = None,
) -> Rolled:
    """Trades the signals in a book of their own. `says`: the sizer's model, one part of equity for all entries, or a
    sizer of the host's; `least`: what an entry is worth at least, so that all are seen to their end."""
    notes = Notes()
    names = signals.symbols
    told = zip(signals.symbol.tolist(), signals.at.tolist(), signals.side.tolist(), signals.confidence, strict=True)
    script = {(names[slot], at): (k, side, float(sure)) for k, (slot, at, side, sure) in enumerate(told)}
    own = isinstance(says, Spec)
    first, last = signals.span
    config = SessionConfig(
        strategies=(Spec(PLAYER, {"script": script, "plan": plan, "notes": notes}),),
        sizer=says if isinstance(says, Spec) else Spec(SIZER, {"says": says, "least": least, "notes": notes}),
        fee_bps=Decimal(str(venue.fee_bps)),
        instruments={name: {"kind": "margin"} for name in names} if venue.short else {},
        reference=venue.reference,
    )
    feed = Arrays(_between(venue, first, last, plan.hold), venue.timeframe, first)
    built = build(config, _with_players(venue.plugins), feed)
    built.session.start(built.contexts)
    done = 0
    for block in feed.blocks():
        built.session.run(block.times, block.rows)
        built.session.journal.drain()
        done += len(block.times)
        if progress is not None:
            progress(done, feed.total())
    assert not any(guard.errors for guard in built.guards), "what trades the training signals never fails"
    ended = [] if own else [entry for entry in notes.entries if entry[0] in notes.returns]
    wealth = np.array(built.session.curves[0][0], np.float64)
    gains = np.diff(np.log(np.maximum(wealth, 1e-9)), prepend=np.log(float(config.cash)))
    return Rolled(
        np.array([number for number, _, _ in ended], np.int64),
        np.array([row for _, row, _ in ended], np.float64).reshape(-1, len(INPUTS)),
        np.array([part for _, _, part in ended], np.float64),
        np.array([notes.returns[number] for number, _, _ in ended], np.float64),
        gains,
        len(notes.returns),
    )


def _between(venue: Venue, first: int, last: int, hold: int) -> dict[str, Floats]:
    """The candles that the signals need: those to warm up on, and those until the last trade is over."""
    span = period(venue.timeframe)
    begin, end = first - span - venue.warmup, last + hold + 2 * span
    return {name: one[:, (one[TS] >= begin) & (one[TS] < end)] for name, one in venue.candles.items()}


def _with_players(plugins: Plugins) -> Plugins:
    own = (
        Registered("strategy", PLAYER, SignalPlayer, "papertape", "papertape", "0"),
        Registered("sizer", SIZER, NotingSizer, "papertape", "papertape", "0"),
    )
    return Plugins((*plugins.components, *own), plugins.failures, plugins.disabled)
