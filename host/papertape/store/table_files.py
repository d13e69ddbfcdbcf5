"""Small tables in files: Parquet, CSV and Feather, with columns of times and numbers."""

import csv
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa

from papertape.contract.errors import CandleFileError, InvalidValue
from papertape.market.timeframe import parse_time


def read_table(path: Path, what: str) -> dict[str, Sequence[Any]]:
    """The columns of a file, by name in lower case. `what`: the kind of file, for messages.

    Raises `CandleFileError`, naming the file and the cure.
    """
    if not path.is_file():
        raise CandleFileError(f"{path} is not there; check the path")
    try:
        return _columns(path, what)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise CandleFileError(f"{path} cannot be read: {str(error).partition(chr(10))[0]}; export it again") from None


def number(where: str, name: str, value: object) -> Decimal:
    """A number in a cell. Raises `CandleFileError` for anything else."""
    try:
        amount = Decimal(repr(value) if isinstance(value, float) else str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise CandleFileError(f"{where}: {name} is {value!r}, not a number")
    return amount


def time(where: str, name: str, value: object) -> int:
    """A time in a cell, as ms UTC. Raises `CandleFileError` for anything else."""
    if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
        return int(value)
    try:
        return parse_time(value.isoformat() if hasattr(value, "isoformat") else str(value))
    except InvalidValue:
        raise CandleFileError(f"{where}: {name} is {value!r}, not a time: ms UTC or ISO-8601") from None


def _columns(path: Path, what: str) -> dict[str, Sequence[Any]]:
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    suffix = path.suffix.lower()
    if suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            names, *rows = list(csv.reader(file)) or [[]]
        while rows and not rows[-1]:
            rows.pop()
        for number, row in enumerate(rows, start=1):
            if len(row) != len(names):
                raise CandleFileError(f"{path}: row {number} has {len(row)} cells, the first line {len(names)}")
        cells = zip(*rows, strict=True) if rows else ([] for _ in names)
        return {name.strip().lower(): list(each) for name, each in zip(names, cells, strict=True)}
    if suffix not in (".parquet", ".feather"):
        raise CandleFileError(f"{path} is no {what} file; it must be one of .parquet, .csv, .feather")
    table = pq.read_table(path) if suffix == ".parquet" else feather.read_table(path)
    return {name.lower(): table.column(name).to_pylist() for name in table.column_names}
