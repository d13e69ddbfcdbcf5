"""What a session looks like at one moment: frozen values, made from the ledger alone.

Times are ms UTC, money is in quote currency, shares and returns are fractions. Texts are as the ledger has them: they
may be hostile, and `text.shown` is their way onto a screen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Candles
from papertape.ledger.records import FillRow, NoteRow, SignalRow
from papertape.market.timeframe import period

Status = Literal["running", "interrupted", "stopped", "finished", "failed"]


class Line(NamedTuple):
    """A curve: `times` (n,) int64 ms UTC, `values` (n,) float64 quote currency, oldest first."""

    times: NDArray[np.int64]
    values: NDArray[np.float64]


NO_LINE = Line(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, slots=True)
class BookView:
    """A book as of the newest checkpoint. `letter`: its mark in plots. `exposure`: gross, as a fraction of equity.
    `max_drawdown`: 0 or more. `standing`: what its risk rules hold against it, a sentence each."""

    name: str
    letter: str
    fusion: bool
    status: str
    cash: Decimal
    equity: float
    change: float
    max_drawdown: float
    sharpe: float | None
    exposure: float
    trades: int
    fees: Decimal
    positions: int
    standing: tuple[str, ...]
    line: Line


@dataclass(frozen=True, slots=True)
class PositionView:
    """An open position. `quantity`: signed units. `entry`: average price; `last`: newest close, 0 before one.
    `profit`: what closing at `last` would bring, without fees. `stop`, `target`: of its bracket."""

    book: str
    symbol: str
    quantity: Decimal
    entry: float
    last: float
    profit: float
    opened_at: int
    stop: Decimal | None
    target: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """A working order; `at`: when it was made, `effective`: from when on it meets candles, ms UTC. `at_price`: its
    limit, stop or trail in words, empty for a market order."""

    seq: int
    book: str
    symbol: str
    side: str
    type: str
    remaining: Decimal
    at_price: str
    role: str
    at: int
    effective: int


@dataclass(frozen=True, slots=True)
class Vote:
    """What one member says about a symbol. `side`: 1 long, -1 short, 0 flat, None where it has not spoken. `weight`:
    None where the fusion itself finds it, which `why` tells."""

    member: str
    side: int | None
    confidence: float
    weight: float | None
    reason: str
    since: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fusion last made of a symbol. `action`: empty where it has said nothing."""

    fusion: str
    symbol: str
    action: str
    confidence: float
    reason: str
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class PluginView:
    """A guarded component. `calls`, `p50_us`, `p99_us`: since the session was last started or resumed, microseconds,
    as of a second ago while it runs; None where that was never measured."""

    name: str
    part: Literal["strategy", "fusion", "other"]
    status: str
    errors: int
    streak: int
    said: str
    calls: int | None = None
    p50_us: float | None = None
    p99_us: float | None = None


@dataclass(frozen=True, slots=True)
class SymbolView:
    """How a symbol's data stand. `state`: fresh, stale, or waiting before its first candle."""

    symbol: str
    state: Literal["fresh", "stale", "waiting"]
    last_ts: int | None
    close: float | None


@dataclass(frozen=True, slots=True)
class CommandView:
    """An operator's command. `batch`: the last one before it took effect. `state`: `refused` was looked at and not
    carried out; `unheard` waits for a session that does not run."""

    id: int
    words: str
    issued_at: int
    batch: int | None
    state: Literal["waiting", "done", "refused", "unheard"]


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the event log. `fill`: the number of the one that it tells of."""

    at: int
    level: Literal["info", "gain", "loss", "good", "warning", "error"]
    who: str
    words: str
    fill: int | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session at one moment. `read`: the fraction of its history that figures and curves hold so far.

    `status` as in `papertape sessions list`; `paused`, `muted`: by the operator, by the feed. `delay`: how long after
    its close the newest candle of a live one came, ms. `pace`: as `run --pace` takes it, empty for a live one;
    `moving`: the one at which it goes on where it is held. `batches`, `candles`: so far; `limit`: batches after which
    it finishes. `candles_by_symbol`: the newest ones without a hole, oldest first. `fills`, `signals`, `happenings`,
    `commands`: the newest, oldest first.
    """

    id: str
    status: Status
    error: str | None
    ledger: str
    created_at: int
    feed: str
    live: bool
    symbols: tuple[str, ...]
    timeframe: str
    batch: int
    now: int
    batches: int
    candles: int
    limit: int | None
    seconds: float
    digest: str
    start_cash: float
    read: float
    paused: bool
    muted: bool
    delay: int | None
    pace: str
    moving: str
    books: tuple[BookView, ...]
    positions: tuple[PositionView, ...] = ()
    orders: tuple[OrderView, ...] = ()
    signals: tuple[SignalRow, ...] = ()
    fills: tuple[FillRow, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    plugins: tuple[PluginView, ...] = ()
    data: tuple[SymbolView, ...] = ()
    notes: tuple[NoteRow, ...] = ()
    commands: tuple[CommandView, ...] = ()
    happenings: tuple[Happening, ...] = ()
    candles_by_symbol: Mapping[str, Candles] = field(default_factory=dict)

    @property
    def backfilling(self) -> bool:
        """Whether a live one takes in candles that it has missed: they come when they are no news any more."""
        return self.running and self.delay is not None and self.delay > period(self.timeframe)

    @property
    def held(self) -> bool:
        """Whether it stands still."""
        return self.pace == "hold"

    @property
    def running(self) -> bool:
        """Whether somebody is there who would obey."""
        return self.status == "running"


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session in a list. `best`: the name of its leading book and that one's return, None before it has ended."""

    id: str
    status: Status
    created_at: int
    feed: str
    symbols: tuple[str, ...]
    timeframe: str
    batches: int
    last_ts: int | None
    best: tuple[str, float] | None
