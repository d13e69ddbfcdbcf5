"""The local store: a folder with one Parquet file for each exchange, symbol and timeframe."""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from papertape.contract.errors import CandleFileError
from papertape.store.candle_files import Columns
from papertape.store.candle_names import CandleName

SCHEMA = pa.schema({"ts": pa.int64()} | dict.fromkeys(("open", "high", "low", "close", "volume"), pa.float64()))


class Stored(NamedTuple):
    """A file of the store: what it is called, how many candles it has, from which open time to which, its size."""

    path: Path
    name: CandleName
    rows: int
    first_ts: int
    last_ts: int
    bytes: int


def stored_files(folder: Path) -> list[Stored]:
    """What is in the store, by name; empty where there is no folder yet. Raises `CandleFileError` for a broken file."""
    found = []
    for path in sorted(folder.glob("*.parquet")):
        name = CandleName.parse(path)
        if name is None:
            continue
        try:
            with pq.ParquetFile(path) as file:
                groups = [file.metadata.row_group(number).column(0).statistics for number in range(file.num_row_groups)]
                ours, rows = file.schema_arrow.equals(SCHEMA), int(file.metadata.num_rows)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise CandleFileError(f"{path} cannot be read: {reason}; import it again, or remove it") from None
        spans = [(int(group.min or 0), int(group.max or 0)) for group in groups if group and group.has_min_max]
        if not ours or not spans:
            raise CandleFileError(f"{path} was not made by an import; move it elsewhere and import it from there")
        first, last = min(span[0] for span in spans), max(span[1] for span in spans)
        found.append(Stored(path, name, rows, first, last, path.stat().st_size))
    return found


def write_candles(path: Path, pieces: Iterable[Columns]) -> int:
    """Writes columns to a Parquet file, in place of what is there, and says how many rows.

    All or nothing: the file is written beside, synced and renamed. If `pieces` raise, nothing changes. Equal rows make
    equal bytes, into whatever pieces they were cut. Raises `CandleFileError` where the disk does not take it.
    """
    rows = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _beside(path) as draft, pq.ParquetWriter(draft, SCHEMA, compression="zstd") as writer:
            for columns in _row_groups(pieces):
                writer.write_table(columns)
                rows += columns.num_rows
    except OSError as error:
        raise CandleFileError(
            f"{path} cannot be written: {error.strerror or error}; see to it, and give the same command again"
        ) from None
    return rows


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Keeps all others out who would read a file of the store to write it anew; the lock ends with the program.

    Raises `CandleFileError` where somebody else has it, or nothing can be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f".{path.name}.lock").open("w")  # stays: a lock on a file that is gone locks nothing
    except OSError as error:
        raise CandleFileError(
            f"the store {path.parent} cannot be written: {error.strerror}; see to it, or set PAPERTAPE_HOME elsewhere"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CandleFileError(f"{path} is being changed by another program; try again when that is done") from None
        yield


def _row_groups(pieces: Iterable[Columns], size: int = 1 << 17) -> Iterator[pa.Table]:
    """Pieces gathered to tables of `size` rows: a row group for each piece would double the file."""
    held: list[pa.RecordBatch] = []
    count = 0
    for columns in pieces:
        piece = pa.record_batch([pa.array(column) for column in columns], schema=SCHEMA)
        while count + piece.num_rows >= size:
            yield _table([*held, piece.slice(0, size - count)])
            piece = piece.slice(size - count)
            held, count = [], 0
        if piece.num_rows:
            held.append(piece)
            count += piece.num_rows
    if count:
        yield _table(held)


def _table(held: list[pa.RecordBatch]) -> pa.Table:
    return pa.Table.from_batches(held, SCHEMA).combine_chunks()


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A path in the same folder that takes the place of `path` at the end, unless something was raised."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
        _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Makes the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
