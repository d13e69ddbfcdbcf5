"""The local store: a folder with one Parquet file for each exchange, symbol and timeframe."""

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

    All or nothing: the file is written beside, synced and renamed. If `pieces` raise, nothing changes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    with _beside(path) as draft, pq.ParquetWriter(draft, SCHEMA, compression="zstd") as writer:
        for columns in _row_groups(pieces):
            writer.write_table(columns)
            rows += columns.num_rows
    return rows


def _row_groups(pieces: Iterable[Columns], size: int = 1 << 17) -> Iterator[pa.Table]:
    """Pieces gathered to tables of about `size` rows: a row group for each piece would double the file."""
    held: list[pa.RecordBatch] = []
    count = 0
    for columns in pieces:
        held.append(pa.record_batch([pa.array(column) for column in columns], schema=SCHEMA))
        count += len(columns.ts)
        if count >= size:
            yield pa.Table.from_batches(held)
            held, count = [], 0
    if count:
        yield pa.Table.from_batches(held)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A path in the same folder that takes the place of `path` at the end, unless something was raised."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
