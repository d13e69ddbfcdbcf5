"""Which rows of a file are candles: a pure function over columns, each row judged by itself and by earlier ones alone.

What it needs goes from one piece of a file to the next, so how the rows were cut into pieces changes nothing.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import CandleFlag, Floats, Ints
from papertape.contract.errors import BadRow
from papertape.contract.feed import Note
from papertape.market.timeframe import iso
from papertape.store.candle_files import Columns

EARLIEST = -(2**62)
LATEST = 2**62
"""Open times before and after all candles, ms UTC."""


class Rows(NamedTuple):
    """Candles of one symbol as columns of equal length, `ts` strictly increasing."""

    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    flags: Ints

    def part(self, start: int, end: int | None = None) -> "Rows":
        """The candles from number `start` up to, not with, number `end`."""
        return self.pick(slice(start, end))

    def pick(self, which: slice | Ints) -> "Rows":
        """The candles of a slice, or of these numbers."""
        return Rows(
            self.ts[which], self.open[which], self.high[which], self.low[which], self.close[which], self.volume[which],
            self.flags[which],
        )  # fmt: skip

    def until(self, ts: int) -> int:
        """How many candles open at or before `ts`."""
        return int(np.searchsorted(self.ts, ts, side="right"))

    def before(self, ts: int) -> int:
        """How many candles open before `ts`."""
        return int(np.searchsorted(self.ts, ts))


class BadRowAt(BadRow):
    """A bad row that stops a session before the batch that opens at `ts`, ms UTC."""

    def __init__(self, message: str, ts: int) -> None:
        super().__init__(message)
        self.ts = ts


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a file is wanted: its name in messages, its symbol, open times from `start` up to, not with, `end`."""

    source: str
    symbol: str
    start: int = EARLIEST
    end: int = LATEST
    skip: bool = False
    """Whether bad rows are dropped and noted; else the first one ends the rows."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """Candles, what was noted, and how to go on. `bad`: the row that stops the rows; `done`: the end is reached."""

    rows: Rows
    notes: list[Note]
    newest: int
    bad: BadRowAt | None = None
    done: bool = False


def sift(scope: Scope, columns: Columns, before: int, newest: int) -> Sifted:
    """The candles among the rows of one piece of a file.

    `before`: how many rows of the file came earlier; `newest`: the latest open time among them. Bad rows are those with
    a price that is not above 0 and finite, high < low, or a volume that is negative or infinite; and those older than a
    row before them. Rows with the open time of the row before them are duplicates: the first is kept. Bad rows that
    open outside the scope are no matter. Rows before the scope's start are kept, for `mark` to look back on.
    """
    ts = columns.ts
    wrong = _impossible(columns)
    seen = np.maximum.accumulate(np.concatenate([[newest], np.where(wrong, EARLIEST, ts)]))
    earlier = seen[:-1]
    wrong |= ts < earlier
    double = ~wrong & (ts == earlier)
    good = ~wrong & ~double

    beyond = np.flatnonzero(good & (ts >= scope.end))
    stop = int(beyond[0]) if len(beyond) else len(ts)
    inside = (ts >= scope.start) & (ts < scope.end)
    bad = np.flatnonzero(wrong[:stop] & inside[:stop])
    error = None
    if len(bad) and not scope.skip:
        stop = int(bad[0])
        error = BadRowAt(
            f"{scope.source}: {_complaint(columns, stop, before, int(earlier[stop]), scope.symbol)}; "
            "mend the row, or drop such rows with --on-bad-row skip",
            max(int(ts[stop]), int(earlier[stop]) + 1),
        )
    notes = []
    for kind, mask in (("skipped", wrong), ("duplicate", double)):
        found = np.flatnonzero(mask[:stop] & inside[:stop])
        if len(found):
            words = _words(kind, columns, int(found[0]), before, int(earlier[found[0]]), scope.symbol)
            notes.append(note(scope, kind, ts[found], words))
    rows = Rows(*columns, np.full(len(ts), int(CandleFlag.FILE)))
    rows = rows.part(0, stop) if good[:stop].all() else rows.pick(np.flatnonzero(good[:stop]))
    return Sifted(rows, notes, int(seen[stop]), error, bool(len(beyond)) and error is None)


def _impossible(columns: Columns) -> npt.NDArray[np.bool_]:
    _, open_, high, low, close, volume = columns
    lowest = np.minimum(np.minimum(open_, close), low)  # NaN wherever one of them is
    highest = np.maximum(np.maximum(open_, close), high)
    fine: npt.NDArray[np.bool_] = (lowest > 0) & (highest < np.inf) & (high >= low) & ~(volume < 0) & (volume != np.inf)
    return ~fine


def _complaint(columns: Columns, at: int, before: int, newest: int, symbol: str) -> str:
    """What is wrong with row `at` of the piece, in words."""
    ts, _, high, low, _, volume = (float(column[at]) for column in columns)
    where = f"row {before + at + 1} of {symbol} at {iso(int(columns.ts[at]))}"
    for name in ("open", "high", "low", "close"):
        price = float(getattr(columns, name)[at])
        if not 0 < price < np.inf:
            return f"{where}: {name} is {price}, a price must be above 0"
    if high < low:
        return f"{where}: high {high} is below low {low}"
    if volume < 0 or volume == np.inf:
        return f"{where}: volume is {volume}, it must be 0 or more"
    return f"{where}: it is older than the row before it ({iso(newest)})"


def _words(kind: str, columns: Columns, at: int, before: int, newest: int, symbol: str) -> str:
    if kind == "skipped":
        return _complaint(columns, at, before, newest, symbol)
    return f"row {before + at + 1} at {iso(int(columns.ts[at]))}: a row before it has the same time; that one is used"


def note(scope: Scope, kind: str, ts: Ints, words: str) -> Note:
    """A note on the rows that open at `ts`; `words` tell the first one."""
    return Note(scope.source, scope.symbol, kind, len(ts), int(ts.min()), int(ts.max()), words)
