"""Reading candle files: Parquet, CSV and Feather as a stream of columns, a few thousand rows at a time.

Columns are found by name, in any case: `ts` (`timestamp`, `datetime`, `open_time`, `date`, `time`, ...), `open`,
`high`, `low`, `close`, `volume` (`o`, `h`, `l`, `c`, `v`, `vol`); others are left alone. Times are open times: a time
type, ISO-8601 (UTC where no offset is said), or a number. The first number of a file decides the unit for all of it:
its size below 1e8 means ms, below 1e11 s, below 1e14 ms, below 1e17 us, else ns. So seconds are told from ms wherever
either lies between 1973 and 5138; a number that reads as a date, such as 20240101, is refused.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from papertape.contract.candle import Floats, Ints
from papertape.contract.errors import CandleFileError, InvalidValue
from papertape.market.timeframe import parse_time

CHUNK = 4096
"""Most rows in one piece of a stream."""

_TIMES = "ts timestamp datetime open_time opentime open-time unix date time".split() + ["open time", "date time"]
_SPELLINGS = {
    "open": ("open", "o"), "high": ("high", "h"), "low": ("low", "l"), "close": ("close", "c"),
    "volume": ("volume", "v", "vol"),
}  # fmt: skip
_NULLS = ["", "NaN", "nan", "NA", "N/A", "null", "NULL", "None"]
_EXPORT_AGAIN = "export the file again, or leave it out"
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e\+?\d+)?")
_ZONED = re.compile(r".{10}.*(Z|[+-]\d\d(:?\d\d)?)$")
_UNITS = ((1e8, 1, 1), (1e11, 1000, 1), (1e14, 1, 1), (1e17, 1, 1_000), (float("inf"), 1, 1_000_000))
"""Below which size of a number how many ms it is: times, per."""

Cells: TypeAlias = "pa.Array[Any]"
_Clock = Callable[[Cells], Ints]


class Columns(NamedTuple):
    """Consecutive rows of a file as they stand there, as columns of equal length: (n,) int64 ms UTC and float64."""

    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count_rows(path: Path) -> int | None:
    """How many rows a file says it has; None where only reading all of it would tell (CSV, Feather)."""
    import pyarrow.parquet as pq

    if path.suffix.lower() != ".parquet":
        return None
    with pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


def read_columns(path: Path) -> Iterator[Columns]:
    """The rows of a file in order, `CHUNK` at a time; a cell without a value is NaN.

    Raises `CandleFileError`, naming file, place and cure, for a file that is missing, unreadable or empty, that lacks a
    column, or holds something else than times and numbers.
    """
    if not path.is_file():
        raise CandleFileError(f"{path} is not there; check the path")
    rows, clock = 0, None
    try:
        for batch in _OPEN.get(path.suffix.lower(), _no_format)(path):
            for start in range(0, batch.num_rows, CHUNK):
                stamp, (time, *values) = batch.schema.names[0], batch.slice(start, CHUNK).columns
                clock = clock or _clock(path, stamp, time)
                yield Columns(
                    _times(path, stamp, time, rows, clock),
                    *(_numbers(path, name, cells, rows) for name, cells in zip(_SPELLINGS, values, strict=True)),
                )
                rows += len(time)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise CandleFileError(f"{path} cannot be read after row {rows}: {reason}; {_EXPORT_AGAIN}") from None
    if not rows:
        raise CandleFileError(f"{path} holds no rows; {_EXPORT_AGAIN}")


def _parquet(path: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    # A buffer of its own size: read whole, one row group of 10 million candles would take 200 MB.
    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16)
    names = _choose(path, file.schema_arrow.names)
    for batch in file.iter_batches(batch_size=2 * CHUNK, columns=names, use_threads=False):
        yield batch.select(names)


def _feather(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_file(source) as file:
        names = _choose(path, file.schema.names)
        for number in range(file.num_record_batches):
            yield file.get_batch(number).select(names)


def _csv(path: Path) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv as arrow_csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    delimiter = max(",;\t", key=line.count)
    names = _choose(path, next(csv.reader([line], delimiter=delimiter), []))
    with arrow_csv.open_csv(
        path,
        arrow_csv.ReadOptions(block_size=1 << 19),
        arrow_csv.ParseOptions(delimiter=delimiter),
        arrow_csv.ConvertOptions(
            include_columns=names,
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            null_values=_NULLS,
        ),
    ) as reader:
        yield from reader


def _no_format(path: Path) -> Iterator[pa.RecordBatch]:
    raise CandleFileError(f"{path} is no candle file; it must be one of {', '.join(_OPEN)}")


_OPEN: dict[str, Callable[[Path], Iterator[pa.RecordBatch]]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".feather": _feather,
}


def _choose(path: Path, names: list[str]) -> list[str]:
    """Names of the time column and of open, high, low, close and volume, as the file spells them."""
    found = {name.strip().lower(): name for name in reversed(names)}
    there = f"{path} has the columns {', '.join(names) or '(none)'}"
    time = next((found[spelling] for spelling in _TIMES if spelling in found), None)
    if time is None:
        raise CandleFileError(f"{there}; it needs one with the candles' open times, called ts")
    if time.strip().lower() == "date" and "time" in found:
        raise CandleFileError(f"{there}; date and time must be one column, called ts")
    chosen = [time]
    for column, spellings in _SPELLINGS.items():
        name = next((found[spelling] for spelling in spellings if spelling in found), None)
        if name is None:
            raise CandleFileError(f"{there}; it needs one called {column}")
        chosen.append(name)
    return chosen


def _numbers(path: Path, column: str, cells: Cells, before: int) -> Floats:
    if pa.types.is_temporal(cells.type) or pa.types.is_boolean(cells.type):
        raise CandleFileError(f"{path}: column {column} holds {cells.type}, not numbers; {_EXPORT_AGAIN}")
    try:
        numbers: Floats = pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise _stray(path, column, cells, before, float, "number") from None
    return numbers


def _clock(path: Path, column: str, first: Cells) -> _Clock:
    """How to read a file's times: cells to ms UTC. The first of them decides."""
    if pa.types.is_temporal(first.type):
        return lambda cells: _ints(cells.cast(pa.timestamp("ms", getattr(cells.type, "tz", None)), safe=False))
    if not (pa.types.is_integer(first.type) or pa.types.is_floating(first.type) or _is_text(first.type)):
        raise CandleFileError(f"{path}: column {column} holds {first.type}, not times; {_EXPORT_AGAIN}")
    head = str(next((cell for cell in first.to_pylist() if cell is not None), ""))
    if not _NUMBER.fullmatch(head):
        return _iso_to_ms
    size = abs(float(head))
    if 19_000_000 < size < 21_010_000:
        raise CandleFileError(f"{path}: {column} begins with {head}, which could be a date or ms; write ISO-8601")
    times, per = next(unit for limit, *unit in _UNITS if size < limit)
    return lambda cells: _ints(cells.cast(pa.int64())) * times // per


def _iso_to_ms(cells: Cells) -> Ints:
    zoned = _ZONED.search(str(cells[0].as_py()))
    try:
        stamps = cells.cast(pa.timestamp("ns", "UTC" if zoned else None))
        return _ints(stamps.cast(pa.timestamp("ms", stamps.type.tz), safe=False))
    except pa.ArrowInvalid:  # a form that Arrow does not know
        return _ints(pa.array([_moment(cell) for cell in cells.to_pylist()], pa.int64()))


def _moment(cell: object) -> int:
    return parse_time(str(cell))


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _ints(cells: Cells) -> Ints:
    whole: Ints = cells.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return whole


def _times(path: Path, column: str, cells: Cells, before: int, clock: _Clock) -> Ints:
    if cells.null_count:
        row = before + 1 + cells.is_null().index(True).as_py()
        raise CandleFileError(f"{path}: row {row} has no time in column {column}; {_EXPORT_AGAIN}")
    try:
        return clock(cells)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, InvalidValue):
        raise _stray(path, column, cells, before, _moment if clock is _iso_to_ms else int, "time") from None


def _stray(
    path: Path, column: str, cells: Cells, before: int, read: Callable[[Any], object], kind: str
) -> CandleFileError:
    """The error for the first of `cells` that `read` cannot read."""
    for row, cell in enumerate(cells.to_pylist(), start=before + 1):
        try:
            if cell is not None:
                read(cell)
        except (ValueError, TypeError):
            return CandleFileError(f"{path}: row {row}: {column} is {cell!r}, not a {kind}; {_EXPORT_AGAIN}")
    return CandleFileError(f"{path}: column {column} holds {cells.type}, not {kind}s; {_EXPORT_AGAIN}")
