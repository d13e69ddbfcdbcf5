"""A session's records as tables: CSV, JSON lines or Parquet, row by row, so that a long session needs no memory."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol, get_type_hints

from papertape.broker.money import plain
from papertape.contract.errors import RequestError
from papertape.ledger.records import EquityRow, FillRow, FundingRow, OrderRow, TapeRow
from papertape.ledger.series import unpack_series, unpack_times
from papertape.ledger.store import Ledger
from papertape.reports.models import AskedSignal, SaidRow, predictions, signals
from papertape.reports.round_trips import RoundTrip, round_trips

PARQUET_ROWS = 50_000


class Mark(NamedTuple):
    """A book at one close: `equity` and gross `exposure`, quote currency."""

    book: str
    batch: int
    at: int
    equity: float
    exposure: float


class Target(Protocol):
    """What takes text."""

    def write(self, text: str, /) -> object:
        """Takes more of it."""


def write(ledger: Ledger, session: str, what: str, style: str, out: str | Target) -> int:
    """Writes one kind of record to a file by its name, or to what takes text; gives the number of rows.

    `what`: orders, fills, funding, trades, signals, predictions, equity or tape. `style`: csv, jsonl or parquet (to a
    file alone). Raises `RequestError` for a file that cannot be written.
    """
    kind, read = _KINDS[what]
    rows = read(ledger, session)
    if style == "parquet":
        return _parquet(kind, rows, str(out))
    with _target(out) as target:
        return _csv(kind, rows, target) if style == "csv" else _jsonl(rows, target)


def _trades(ledger: Ledger, session: str) -> Iterator[RoundTrip]:
    return round_trips(ledger.rows(session, FillRow), ledger.rows(session, FundingRow))


def _marks(ledger: Ledger, session: str) -> Iterator[Mark]:
    for block in ledger.rows(session, EquityRow):
        columns = unpack_times(block.times), unpack_series(block.equity), unpack_series(block.exposure)
        for number, (at, equity, exposure) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            yield Mark(block.book, block.first_batch + number, at, equity, exposure)


_KINDS: Mapping[str, tuple[type[Any], Callable[[Ledger, str], Iterator[Any]]]] = {
    "orders": (OrderRow, lambda ledger, session: ledger.rows(session, OrderRow)),
    "fills": (FillRow, lambda ledger, session: ledger.rows(session, FillRow)),
    "funding": (FundingRow, lambda ledger, session: ledger.rows(session, FundingRow)),
    "trades": (RoundTrip, _trades),
    "signals": (AskedSignal, signals),
    "predictions": (SaidRow, predictions),
    "equity": (Mark, _marks),
    "tape": (TapeRow, lambda ledger, session: ledger.rows(session, TapeRow)),
}


@contextmanager
def _target(out: str | Target) -> Iterator[Target]:
    if not isinstance(out, str):
        yield out
        return
    try:
        with Path(out).open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}") from None


def _csv(kind: type[Any], rows: Iterator[Any], target: Target) -> int:
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(kind._fields)
    count = 0
    for row in rows:
        count += 1
        writer.writerow([plain(value) if isinstance(value, Decimal) else value for value in row])
    return count


def _jsonl(rows: Iterator[Any], target: Target) -> int:
    count = 0
    for row in rows:
        count += 1
        document = {
            name: plain(value) if isinstance(value, Decimal) else value for name, value in row._asdict().items()
        }
        target.write(json.dumps(document) + "\n")
    return count


def _parquet(kind: type[Any], rows: Iterator[Any], out: str) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    hints = get_type_hints(kind)
    schema = pa.schema([(name, _arrow(hints[name], types, pa.string())) for name in kind._fields])
    count = 0
    try:
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            while part := list(islice(rows, PARQUET_ROWS)):
                count += len(part)
                columns = [
                    [plain(value) if isinstance(value, Decimal) else value for value in column]
                    for column in zip(*part, strict=True)
                ]
                arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror or error}") from None
    return count


def _arrow(hint: Any, types: Mapping[type, Any], text: Any) -> Any:
    """The column type of an annotation such as `int` or `float | None`; exact decimals are text."""
    for python, arrow in types.items():
        if hint == python or hint == python | None:
            return arrow
    return text
