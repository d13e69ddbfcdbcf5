"""Feeds: where batches of candles come from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from papertape.contract.candle import Row
from papertape.contract.component import Component


@dataclass(frozen=True, slots=True)
class Note:
    """A defect of the data that was met and treated: never silent, never fatal.

    `kind`: gap, zero-volume, duplicate, widened, outlier, skipped or off-grid. `count` rows (candles absent, for a gap)
    from open time `first_ts` to `last_ts`, ms UTC; `example` says the first one in words.
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
    on the way to these batches, and not yet reported."""

    times: list[int]
    rows: list[tuple[Row | None, ...]]
    notes: tuple[Note, ...] = ()


class Feed(Component):
    """Base of feeds that can be folded again from their description: simulated and replayed ones.

    `symbols`: in the session's order. `timeframe`: such as 1m. After construction a feed has looked at its source far
    enough to know its symbols and to have refused what it can refuse before the first candle (`RequestError`).
    """

    symbols: tuple[str, ...]
    timeframe: str
    warmed: int = 0
    """How many of the first batches are warm-up: shown to plugins, never traded, counted by no figure."""

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
