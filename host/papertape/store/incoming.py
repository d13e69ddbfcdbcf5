"""Candles on their way into a file of the local store, page by page, as an exchange hands them out.

To write the store's file anew for every page would take a time that grows with the square of their number. So a page is
kept as a small file of its own, and many of them are merged into the store's file at once. Either is all or nothing,
and to merge a page again changes nothing: whenever the program is ended, the next one finds every page that was kept.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from papertape.contract.candle import Ints
from papertape.store.candle_files import Columns, read_columns
from papertape.store.candle_names import CandleName
from papertape.store.local_store import sole_writer, write_candles


class Merged(NamedTuple):
    """What a merge did: candles in the store's file now, and how many of them are new."""

    rows: int
    added: int


class Absent(NamedTuple):
    """Consecutive candles that are not there: open times of the first and the last one, ms UTC, and how many."""

    first_ts: int
    last_ts: int
    candles: int


class Incoming:
    """Pages for the store's file at `path`, kept in `pages`; `incoming` makes one."""

    def __init__(self, path: Path, pages: Path) -> None:
        self.path = path
        self.pages = pages

    def keep(self, page: Columns) -> None:
        """Keeps candles as they stand, in any order, known ones too; they outlive a power cut when this returns.

        Whoever calls this has seen to it that they are candles, and closed.
        """
        if len(page.ts):
            number = max((int(file.stem) for file in self._kept()), default=0) + 1
            write_candles(self.pages / f"{number:08}.parquet", [page])

    def times(self) -> Ints:
        """The open times of all candles in the store's file and in the pages, ascending, each once."""
        return np.unique(_joined(columns.ts for columns in (*self._stored(), *_read(self._kept()))))

    def merge(self) -> Merged:
        """Brings the pages into the store's file. Of several candles with one time the file's stays, else the first one
        kept; a file to which nothing is added is not touched.

        Raises `CandleFileError` where the file or a page is broken; then nothing has changed.
        """
        kept = self._kept()
        there = _joined(columns.ts for columns in self._stored())
        new = _in_order(list(_read(kept)), there)
        if len(new.ts):
            write_candles(self.path, _woven(self._stored(), new))
        for page in kept:
            page.unlink()
        with suppress(OSError):  # something else is in it
            self.pages.rmdir()
        return Merged(len(there) + len(new.ts), len(new.ts))

    def _kept(self) -> list[Path]:
        return sorted(self.pages.glob("*.parquet"))

    def _stored(self) -> Iterator[Columns]:
        return _read([self.path] if self.path.exists() else [])


@contextmanager
def incoming(folder: Path, name: CandleName) -> Iterator[Incoming]:
    """The pages for a store's file, with what an earlier program has left of them, for the only one that changes it.

    Raises `CandleFileError` where another program does, `InvalidValue` for a name that no file can have.
    """
    path = folder / name.file_name()
    with sole_writer(path):
        yield Incoming(path, folder / f".{path.stem}.pages")


def absent(times: Ints, start: int, end: int, step: int) -> list[Absent]:
    """The gaps among ascending open times, from `start` up to, not with, `end`: what there is still to fetch.

    All in ms UTC, `start` on the timeframe's grid; a time off the grid counts for the candle that it falls into.

    >>> absent(np.array([60_000, 240_000]), 0, 360_000, 60_000)
    [Absent(first_ts=0, last_ts=0, candles=1), Absent(first_ts=120000, last_ts=180000, candles=2), \
Absent(first_ts=300000, last_ts=300000, candles=1)]
    """
    inside = times[(times >= start) & (times < end)]
    slots = np.concatenate([[-1], (inside - start) // step, [-((start - end) // step)]])
    steps = np.diff(slots)
    return [
        Absent(start + (slot + 1) * step, start + (slot + count - 1) * step, count - 1)
        for slot, count in zip(slots[:-1][steps > 1].tolist(), steps[steps > 1].tolist(), strict=True)
    ]


def _read(files: Iterable[Path]) -> Iterator[Columns]:
    for file in files:
        yield from read_columns(file)


def _joined(times: Iterable[Ints]) -> Ints:
    return np.concatenate([np.empty(0, np.int64), *times])


def _in_order(pieces: list[Columns], there: Ints) -> Columns:
    """All candles of the pieces in time order, of those with one time the first, without those that are there."""
    rows = _concatenated([_NOTHING, *pieces])
    times, firsts = np.unique(rows.ts, return_index=True)  # the index of the first of each, in time order
    return _pick(rows, firsts[~np.isin(times, there)])


def _woven(stored: Iterator[Columns], new: Columns) -> Iterator[Columns]:
    """Two ascending streams of candles that have no time in common, as one."""
    done = 0
    for piece in stored:
        upto = int(np.searchsorted(new.ts, piece.ts[-1]))
        both = _concatenated([piece, _pick(new, slice(done, upto))]) if upto > done else piece
        yield _pick(both, np.argsort(both.ts))
        done = upto
    if done < len(new.ts):
        yield _pick(new, slice(done, None))


def _concatenated(pieces: list[Columns]) -> Columns:
    return Columns(*map(np.concatenate, zip(*pieces, strict=True)))


def _pick(columns: Columns, which: slice | Ints) -> Columns:
    return Columns(*(column[which] for column in columns))  # type: ignore[arg-type]  # each of its own kind


_NOTHING = Columns(np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))
