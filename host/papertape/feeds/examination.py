"""What files are worth before they are replayed, and how they come into the local store."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from papertape.contract.feed import Note
from papertape.feeds.marks import combine
from papertape.feeds.merge import Piece
from papertape.feeds.reading import joined_candles, symbol_candles
from papertape.feeds.rows import Rows, Scope
from papertape.feeds.sources import Source
from papertape.store.candle_files import Columns
from papertape.store.candle_names import CandleName
from papertape.store.local_store import write_candles


@dataclass(frozen=True, slots=True)
class Examined:
    """What a replay would make of a file: its candles, the first and the last open time, and all that is noted."""

    source: Source
    rows: int
    first_ts: int | None
    last_ts: int | None
    notes: tuple[Note, ...]

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
    seen = _Seen()
    for _ in seen.watch(symbol_candles([source], Scope("", "", skip=True))):
        pass
    return Examined(source, seen.rows, seen.first_ts, seen.last_ts, combine(seen.notes))


def import_candles(folder: Path, name: CandleName, files: Sequence[Path], skip: bool) -> Imported:
    """Brings files into the store's file of that name, in time order; candles that are there already stay.

    Prices and volumes are kept as they stand. Raises `BadRow` for a bad row unless `skip`; then nothing has changed.
    """
    path = folder / name.file_name()
    old = [path] if path.exists() else []
    sources = [Source(file, name.symbol, name.timeframe) for file in [*old, *files]]
    before = sum(examine(source).rows for source in sources[: len(old)])
    seen = _Seen()
    pieces = seen.watch(joined_candles(sources, Scope("", name.symbol, skip=skip)))
    rows = write_candles(path, (Columns(*piece[:-1]) for piece in pieces))
    return Imported(path, name, rows, rows - before, combine(seen.notes))


class _Seen:
    """Counts what goes by."""

    def __init__(self) -> None:
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
            self.first_ts = int(rows.ts[0]) if self.first_ts is None else self.first_ts
            self.last_ts = int(rows.ts[-1])
            yield rows
