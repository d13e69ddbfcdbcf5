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
from papertape.ledger.records import EquityRow, FillRow, FundingRow, OrderRow, SignalRow, TapeRow
from papertape.ledger.series import unpack_series, unpack_times
from papertape.ledger.store import Ledger
from papertape.reports.models import SaidRow, predictions, signals
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
    columns, read = _KINDS[what]
    rows = read(ledger, session)
    if style == "parquet":
        return _parquet(columns, rows, str(out))
    with _target(out) as target:
        return _csv(columns, rows, target) if style == "csv" else _jsonl(columns, rows, target)


Columns = Mapping[str, Any]
"""Their names and annotations, in the order in which rows have them."""
Rows = Iterator[tuple[Any, ...]]
Read = Callable[[Ledger, str], Rows]


def _kept(kind: type[Any]) -> tuple[Columns, Read]:
    """A kind of record that is written as the ledger has it."""
    return get_type_hints(kind), lambda ledger, session: ledger.rows(session, kind)


def _trades(ledger: Ledger, session: str) -> Iterator[RoundTrip]:
    return round_trips(ledger.rows(session, FillRow), ledger.rows(session, FundingRow))


def _marks(ledger: Ledger, session: str) -> Iterator[Mark]:
    for block in ledger.rows(session, EquityRow):
        columns = unpack_times(block.times), unpack_series(block.equity), unpack_series(block.exposure)
        for number, (at, equity, exposure) in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            yield Mark(block.book, block.first_batch + number, at, equity, exposure)


def _signals(ledger: Ledger, session: str) -> Rows:
    return ((*row, models) for row, models in signals(ledger, session))


_KINDS: Mapping[str, tuple[Columns, Read]] = {
    "orders": _kept(OrderRow),
    "fills": _kept(FillRow),
    "funding": _kept(FundingRow),
    "trades": (get_type_hints(RoundTrip), _trades),
    "signals": (get_type_hints(SignalRow) | {"models": str}, _signals),
    "predictions": (get_type_hints(SaidRow), predictions),
    "equity": (get_type_hints(Mark), _marks),
    "tape": _kept(TapeRow),
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


def _csv(columns: Columns, rows: Rows, target: Target) -> int:
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        count += 1
        writer.writerow([plain(value) if isinstance(value, Decimal) else value for value in row])
    return count


def _jsonl(columns: Columns, rows: Rows, target: Target) -> int:
    count = 0
    for row in rows:
        count += 1
        document = {
            name: plain(value) if isinstance(value, Decimal) else value
            for name, value in zip(columns, row, strict=True)
        }
        target.write(json.dumps(document) + "\n")
    return count


def _parquet(columns: Columns, rows: Rows, out: str) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, _arrow(hint, types, pa.string())) for name, hint in columns.items()])
    count = 0
    try:
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            while part := list(islice(rows, PARQUET_ROWS)):
                count += len(part)
                values = [
                    [plain(value) if isinstance(value, Decimal) else value for value in column]
                    for column in zip(*part, strict=True)
                ]
                arrays = [pa.array(column, type=field.type) for column, field in zip(values, schema, strict=True)]
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
