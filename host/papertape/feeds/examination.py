"""What files are worth before they are replayed, and how they come into the local store."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from papertape.contract.candle import Ints
from papertape.contract.feed import Note
from papertape.feeds.marks import absent_before, combine
from papertape.feeds.merge import Piece
from papertape.feeds.reading import joined_candles, symbol_candles
from papertape.feeds.rows import Rows, Scope
from papertape.feeds.sources import Source
from papertape.market.timeframe import period
from papertape.store.candle_files import Columns
from papertape.store.candle_names import CandleName
from papertape.store.incoming import Absent
from papertape.store.local_store import sole_writer, write_candles


@dataclass(frozen=True, slots=True)
class Examined:
    """What a replay would make of a file: its candles, the first and the last open time, all that is noted, how many
    gaps there are and the longest one, the first of equals."""

    source: Source
    rows: int
    first_ts: int | None
    last_ts: int | None
    notes: tuple[Note, ...]
    gaps: int
    longest_gap: Absent | None

    @property
    def counts(self) -> Counter[str]:
        """Rows by kind of note; `skipped` are the bad ones, `gap` counts the candles that are absent."""
        return Counter({note.kind: note.count for note in self.notes})


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: `rows` in the store's file now, `added` by it, and what was noted of the files."""

    path: Path
    name: CandleName
    rows: int
    added: int
    notes: tuple[Note, ...]


def examine(source: Source) -> Examined:
    """Reads a file to its end, bad rows left out; raises `CandleFileError` where it cannot be read."""
    seen = _Seen(period(source.timeframe))
    for _ in seen.watch(symbol_candles([source], Scope("", "", skip=True))):
        pass
    return Examined(source, seen.rows, seen.first_ts, seen.last_ts, combine(seen.notes), seen.gaps, seen.longest_gap)


def import_candles(folder: Path, name: CandleName, files: Sequence[Path], skip: bool) -> Imported:
    """Brings files into the store's file of that name, in time order; candles that are there already stay.

    Prices and volumes are kept as they stand. Raises `BadRow` for a bad row unless `skip`, and `CandleFileError` where
    another program is changing the file; then nothing has changed.
    """
    path = folder / name.file_name()
    with sole_writer(path):
        old = [path] if path.exists() else []
        sources = [Source(file, name.symbol, name.timeframe) for file in [*old, *files]]
        before = sum(examine(source).rows for source in sources[: len(old)])
        seen = _Seen(period(name.timeframe))
        pieces = seen.watch(joined_candles(sources, Scope("", name.symbol, skip=skip)))
        rows = write_candles(path, (Columns(*piece[:-1]) for piece in pieces))
    return Imported(path, name, rows, rows - before, combine(seen.notes))


class _Seen:
    """Counts what goes by."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.gaps = 0
        self.longest_gap: Absent | None = None
        self.rows = 0
        self.first_ts: int | None = None
        self.last_ts: int | None = None
        self.notes: list[Note] = []

    def watch(self, stream: Iterator[Piece]) -> Iterator[Rows]:
        for rows, notes in stream:
            self.notes += notes
            if not len(rows.ts):
                continue
            self.rows += len(rows.ts)
            self._look_for_gaps(rows.ts)
            self.first_ts = int(rows.ts[0]) if self.first_ts is None else self.first_ts
            self.last_ts = int(rows.ts[-1])
            yield rows

    def _look_for_gaps(self, ts: Ints) -> None:
        absent = absent_before(ts, self.last_ts, self.step)
        self.gaps += int(np.count_nonzero(absent))
        at = int(np.argmax(absent))
        if absent[at] > (0 if self.longest_gap is None else self.longest_gap.candles):
            last = int(ts[at]) - self.step
            self.longest_gap = Absent(last - (int(absent[at]) - 1) * self.step, last, int(absent[at]))
