"""What is noted of a symbol's candles in their order, and how they are mended: a pure function over columns.

A candle is judged by itself and by earlier ones alone, however the candles were cut into pieces.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import CandleFlag, Ints
from papertape.contract.feed import Note
from papertape.feeds.rows import Rows, Scope, note
from papertape.market.timeframe import iso

OUTLIER_FACTOR = 1.5
"""A candle whose high is above this multiple of the close before it, or whose low is below that close divided by it, is
an outlier: accepted and flagged, since real markets do that."""


class Last(NamedTuple):
    """The last candle of a symbol so far."""

    ts: int
    close: float


def mark(scope: Scope, rows: Rows, last: Last | None, period: int, origin: int) -> tuple[Rows, list[Note], Last | None]:
    """A symbol's next candles, mended and flagged, those before the scope's start left out; notes; the new last one.

    A range that does not hold open and close is widened to hold them (`REPAIRED`); a volume that is not said (NaN)
    becomes 0. Noted are these, outliers, candles absent between two (a gap), zero volume, and open times off the
    timeframe's grid, which are used as they are. `period` and `origin`: of the timeframe, ms.
    """
    if not len(rows.ts):
        return rows, [], last
    ts, open_, said_high, said_low, close, said_volume, flags = rows
    high = np.maximum(np.maximum(open_, close), said_high)
    low = np.minimum(np.minimum(open_, close), said_low)
    volume = np.where(np.isnan(said_volume), 0.0, said_volume)
    reference = np.concatenate([close[:1] if last is None else [last.close], close[:-1]])
    widened = (high != said_high) | (low != said_low)
    outlier = (high > reference * OUTLIER_FACTOR) | (low * OUTLIER_FACTOR < reference)
    outlier[0] &= last is not None
    flags = flags | np.where(widened, int(CandleFlag.REPAIRED), 0) | np.where(outlier, int(CandleFlag.OUTLIER), 0)

    def widening(at: int) -> str:
        return f"open {open_[at]!s}, close {close[at]!s} outside low {said_low[at]!s}, high {said_high[at]!s}"

    def jump(at: int) -> str:
        return f"high {high[at]!s}, low {low[at]!s} after a close of {reference[at]!s}"

    def silence(at: int) -> str:
        return "no volume is said, taken as 0" if np.isnan(said_volume[at]) else "volume 0"

    def offset(at: int) -> str:
        return f"{(ts[at] - origin) % period} ms after the grid"

    findings: list[tuple[str, npt.NDArray[np.bool_], Callable[[int], str]]] = [
        ("widened", widened, widening),
        ("outlier", outlier, jump),
        ("zero-volume", volume == 0, silence),
        ("off-grid", (ts - origin) % period != 0, offset),
    ]
    first = int(np.searchsorted(ts, scope.start))
    notes = _gaps(scope, ts, last, period)
    for kind, mask, words in findings:
        found = np.flatnonzero(mask[first:]) + first
        if len(found):
            at = int(found[0])
            notes.append(note(scope, kind, ts[found], f"{iso(int(ts[at]))}: {words(at)}"))
    mended = Rows(ts, open_, high, low, close, volume, flags)
    return mended.part(first), notes, Last(int(ts[-1]), float(close[-1]))


def overlap(scope: Scope, ts: Ints) -> Note:
    """The note for candles at `ts` that an earlier file of the symbol has too."""
    return note(scope, "duplicate", ts, f"{iso(int(ts[0]))}: an earlier file has it too; that one is used")


def combine(notes: list[Note]) -> tuple[Note, ...]:
    """One note for each source, symbol and kind, in the order of the first of each."""
    combined: dict[tuple[str, str, str], Note] = {}
    for new in notes:
        key = (new.source, new.symbol, new.kind)
        held = combined.get(key)
        if held is None:
            combined[key] = new
            continue
        first, last = min(held.first_ts, new.first_ts), max(held.last_ts, new.last_ts)
        combined[key] = replace(held, count=held.count + new.count, first_ts=first, last_ts=last)
    return tuple(combined.values())


def absent_before(ts: Ints, last_ts: int | None, period: int) -> Ints:
    """How many candles are absent before each of consecutive ones; `last_ts`: open time of the one before them, if any.
    A step is counted in whole periods, so that a day of 23 or 25 hours leaves no gap.

    >>> absent_before(np.array([120, 180, 360]), 0, 60).tolist()
    [1, 0, 2]
    """
    steps = np.diff(ts, prepend=int(ts[0]) - period if last_ts is None else last_ts)
    absent: Ints = np.maximum((steps + period // 2) // period - 1, 0)
    return absent


def _gaps(scope: Scope, ts: Ints, last: Last | None, period: int) -> list[Note]:
    """Candles absent since the one before, where both lie in the scope."""
    before = np.concatenate([ts[:1] - period if last is None else [last.ts], ts[:-1]])
    absent = absent_before(ts, None if last is None else last.ts, period)
    gaps = np.flatnonzero((absent > 0) & (before >= scope.start))
    if not len(gaps):
        return []
    count, after = int(absent[gaps].sum()), before[gaps] + period
    words = f"{absent[gaps[0]]} absent after {iso(int(before[gaps[0]]))}"
    return [replace(note(scope, "gap", after, words), count=count, last_ts=int(ts[gaps[-1]]) - period)]
