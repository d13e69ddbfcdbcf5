"""What becomes of the rows of a file: pure functions over columns, each row judged by itself and by earlier ones alone.

`sift` takes a file's rows as they stand and gives those that are candles; `mark` looks at a symbol's candles in their
order. Both carry what they need from one piece to the next, so how the rows were cut into pieces changes nothing.
"""

from dataclasses import dataclass, replace
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

OUTLIER_FACTOR = 1.5
"""A candle whose high is above this multiple of the close before it, or whose low is below that close divided by it, is
an outlier: accepted and flagged, since real markets do that."""


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
    ts, open_, high, low, close, volume = columns
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
    widened = good & ((open_ > high) | (close > high) | (open_ < low) | (close < low))
    notes = []
    for kind, mask in (("skipped", wrong), ("duplicate", double), ("widened", widened)):
        found = np.flatnonzero(mask[:stop] & inside[:stop])
        if len(found):
            words = _words(kind, columns, int(found[0]), before, int(earlier[found[0]]), scope.symbol)
            notes.append(_note(scope, kind, ts[found], words))
    flags = np.where(widened, int(CandleFlag.FILE | CandleFlag.REPAIRED), int(CandleFlag.FILE))
    high, low = np.maximum(np.maximum(open_, close), high), np.minimum(np.minimum(open_, close), low)
    rows = Rows(ts, open_, high, low, close, volume, flags)
    rows = rows.part(0, stop) if good[:stop].all() else rows.pick(np.flatnonzero(good[:stop]))
    return Sifted(rows, notes, int(seen[stop]), error, bool(len(beyond)) and error is None)


class Last(NamedTuple):
    """The last candle of a symbol so far, for `mark`."""

    ts: int
    close: float


def mark(scope: Scope, rows: Rows, last: Last | None, period: int, origin: int) -> tuple[Rows, list[Note], Last | None]:
    """A symbol's next candles, those before the scope's start left out, with outliers flagged; notes; the new last one.

    Notes: outliers, candles absent between two (a gap), zero volume (also where none is said: NaN becomes 0), and open
    times off the timeframe's grid, which are used as they are. `period` and `origin`: of the timeframe, ms.
    """
    if not len(rows.ts):
        return rows, [], last
    ts, close = rows.ts, rows.close
    steps = np.diff(ts, prepend=ts[0] - period if last is None else last.ts)
    absent = (steps + period // 2) // period - 1
    reference = np.concatenate([[close[0] if last is None else last.close], close[:-1]])
    far = (rows.high > reference * OUTLIER_FACTOR) | (rows.low * OUTLIER_FACTOR < reference)
    if last is None:
        far[0] = False
    unsaid = np.isnan(rows.volume)
    if unsaid.any():
        rows = rows._replace(volume=np.where(unsaid, 0.0, rows.volume))
    if far.any():
        rows = rows._replace(flags=np.where(far, rows.flags | int(CandleFlag.OUTLIER), rows.flags))
    first = int(np.searchsorted(ts, scope.start))
    new = Last(int(ts[-1]), float(close[-1]))
    notes = []
    gaps = np.flatnonzero(absent > 0)
    gaps = gaps[(gaps >= first) & (ts[gaps] - steps[gaps] >= scope.start)]
    if len(gaps):
        begin, end = ts[gaps] - steps[gaps], ts[gaps]
        words = f"{absent[gaps[0]]} absent after {iso(int(begin[0]))}"
        note = _note(scope, "gap", begin + period, words)
        notes.append(replace(note, count=int(absent[gaps].sum()), last_ts=int(end[-1]) - period))
    for kind, mask in (("outlier", far), ("zero-volume", rows.volume == 0), ("off-grid", (ts - origin) % period != 0)):
        found = np.flatnonzero(mask[first:]) + first
        if len(found):
            at = int(found[0])
            words = (
                f"{iso(int(ts[at]))}: "
                + {
                    "outlier": f"high {rows.high[at]!s}, low {rows.low[at]!s} after a close of {reference[at]!s}",
                    "zero-volume": "no volume is said, taken as 0" if unsaid[at] else "volume 0",
                    "off-grid": f"{(ts[at] - origin) % period} ms after the grid",
                }[kind]
            )
            notes.append(_note(scope, kind, ts[found], words))
    return rows.part(first), notes, new


def combine(notes: list[Note]) -> tuple[Note, ...]:
    """One note for each source, symbol and kind, in the order of the first of each."""
    combined: dict[tuple[str, str, str], Note] = {}
    for note in notes:
        key = (note.source, note.symbol, note.kind)
        held = combined.get(key)
        combined[key] = note if held is None else replace(
            held,
            count=held.count + note.count,
            first_ts=min(held.first_ts, note.first_ts),
            last_ts=max(held.last_ts, note.last_ts),
        )  # fmt: skip
    return tuple(combined.values())


def overlap(scope: Scope, ts: Ints) -> Note:
    """The note for candles at `ts` that an earlier file of the symbol has too."""
    return _note(scope, "duplicate", ts, f"{iso(int(ts[0]))}: an earlier file has it too; that one is used")


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
    row = f"row {before + at + 1} at {iso(int(columns.ts[at]))}"
    if kind == "duplicate":
        return f"{row}: a row before it has the same time; that one is used"
    _, open_, high, low, close, _ = (float(column[at]) for column in columns)
    return f"{row}: open {open_}, close {close} outside low {low}, high {high}"


def _note(scope: Scope, kind: str, ts: Ints, words: str) -> Note:
    return Note(scope.source, scope.symbol, kind, len(ts), int(ts.min()), int(ts.max()), words)
