"""Feeds: where batches of candles come from."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

from papertape.contract.candle import Row
from papertape.contract.component import Component
from papertape.contract.instrument import Instrument

Event: TypeAlias = Mapping[str, Any]
"""What came into a session between two batches, as the tape keeps it: JSON values, `{"feed": KIND, ...}` or
`{"funding": SYMBOL, ...}` from a feed, `{"command": NAME, ...}` from an operator."""


@dataclass(frozen=True, slots=True)
class Note:
    """A defect of the data that was met and treated: never silent, never fatal.

    `kind`: gap, zero-volume, duplicate, widened, outlier, skipped or off-grid; of a live feed also disagreement (stream
    and REST told a candle differently) and lost (the exchange does not have it any more). `count` rows (candles
    absent, for a gap) from open time `first_ts` to `last_ts`, ms UTC; `example` says the first one in words.
    """

    source: str
    symbol: str
    kind: str
    count: int
    first_ts: int
    last_ts: int
    example: str


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive batches. `times[k]`: close of batch k, ms UTC, strictly increasing over a feed. `rows[k]`:
    that batch's candles, one slot per symbol in the feed's order, None where a symbol has none. `notes`: what was met
    on the way to these batches, and not yet reported. `events`: (k, event) comes before batch k, in ascending k; `ts`
    in it, where it is said, is its time, ms UTC. `arrived`: when a live feed had it, ms UTC."""

    times: list[int]
    rows: list[tuple[Row | None, ...]]
    notes: tuple[Note, ...] = ()
    events: tuple[tuple[int, Event], ...] = ()
    arrived: int | None = None


class Feed(Component):
    """Base of feeds that can be folded again from their description: simulated and replayed ones.

    `symbols`: in the session's order. `timeframe`: such as 1m. `instruments`: what the source knows of their rules, by
    symbol. After construction a feed has looked at its source far enough to know its symbols and to have refused what
    it can refuse before the first candle (`RequestError`).
    """

    symbols: tuple[str, ...]
    timeframe: str
    instruments: Mapping[str, Instrument] = MappingProxyType({})
    warmed: int = 0
    """How many of the first batches are warm-up: shown to plugins, never traded, counted by no figure."""

    funded: tuple[str, ...] = ()
    """Symbols whose funding the feed brings; the session must trade them as perpetuals."""

    looks_back: ClassVar[bool] = False
    """Whether a parameter `warmup` is served from before a parameter `start`; the host then asks for its look-backs."""

    def describe(self) -> Mapping[str, Any]:
        """What the tape's header needs to make the same feed again and to notice that it is not: JSON values, with
        the SHA-256 of every file, or seed and parameters."""
        raise NotImplementedError(f"{type(self).__name__} needs a describe method")

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """Batches from number `start` on, in order, in blocks of at most a few thousand; memory does not grow.

        Raises `BadRow`, naming file and row, when the next batch would hold a row that cannot be a candle; all
        batches before it have been yielded by then.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a blocks method")

    def total(self) -> int | None:
        """How many batches there will be, None when unlimited or unknown; for progress alone."""
        return None

    def close(self) -> None:
        """Lets go of what it holds open; it is asked for nothing afterwards."""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """How far a session has come, for a live feed to go on from. `time`: close of its last batch, ms UTC, None before
    the first. `newest`: open time of each symbol's newest candle. `stale`: symbols whose candles are not whole.
    `muted`: whether the feed has muted the session. `recent`: each symbol's newest candles as they were used, oldest
    first, which the exchange may amend. `funded`: up to when each perpetual's funding has been told, ms
    UTC; one that is not there has not been traded yet."""

    time: int | None = None
    newest: Mapping[str, int] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    muted: bool = False
    funded: Mapping[str, int] = field(default_factory=dict)
    recent: Mapping[str, Sequence[Row]] = field(default_factory=dict)


class LiveFeed(Feed):
    """Base of feeds of a market that goes on by itself. It is seen once; what was seen is put on the tape, and
    folds take it from there.

    Events that it may put before a batch: `{"feed": "muted", "reason"}` and `{"feed": "unmuted"}` (signals are
    recorded, nothing is traded in between), `{"feed": "stale", "symbol", "reason"}` and `{"feed": "whole", "symbol"}`
    (no entries into the symbol in between), `{"feed": "late", "symbol", "row"}` (a candle of a batch that has gone),
    `{"feed": "amended", "symbol", "row", "was"}` (recorded, nothing else), and `{"feed": "history", "symbol",
    "timeframe", "rows"}` (closed candles of a higher timeframe, before the first batch).
    """

    def describe(self) -> Mapping[str, Any]:
        """What the tape's header says of where the candles came from: JSON values, no secrets."""
        raise NotImplementedError(f"{type(self).__name__} needs a describe method")

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """Not to be had: a live market is not seen twice."""
        raise NotImplementedError("a live feed is followed, not read again; its batches are on the tape")

    def warm(self, lookbacks: Mapping[str, int]) -> Block:
        """Fetches what a new session warms up on: so many closed candles of each timeframe. `warmed` counts its
        batches, and `follow` goes on behind them. Raises `FeedUnreachable`."""
        return Block([], [])

    def news(self) -> Iterator[str]:
        """What has happened to the connection since it was last asked, a line each for people."""
        return iter(())

    def follow(self, since: Standpoint) -> Generator[Block | None]:
        """Batches as they close, for ever; None several times a second where there is none, so that its reader can look
        elsewhere."""
        raise NotImplementedError(f"{type(self).__name__} needs a follow method")
