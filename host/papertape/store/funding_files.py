"""Reading funding files: Parquet, CSV and Feather with the columns `ts`, `rate` and, where known, `mark`."""

import csv
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from papertape.contract.errors import CandleFileError, InvalidValue
from papertape.market.timeframe import parse_time

_PAIR = re.compile(r"[^_]+_(.+)_funding")


class FundingRate(NamedTuple):
    """A row: time in ms UTC, rate as a fraction of notional, mark price in quote currency, None where not known."""

    ts: int
    rate: Decimal
    mark: Decimal | None


def funding_symbol(path: Path) -> str | None:
    """What a name such as EXCHANGE_SYMBOL_funding says, without dashes; None for a name of another form.

    >>> funding_symbol(Path("binanceusdm_BTC-USDT_funding.parquet"))
    'BTCUSDT'
    """
    found = _PAIR.fullmatch(path.stem)
    return found[1].replace("-", "") if found else None


def read_funding(path: Path) -> list[FundingRate]:
    """All rows in the order of their times (a rate every few hours: a year is small).

    Raises `CandleFileError`, naming file, row and cure.
    """
    if not path.is_file():
        raise CandleFileError(f"{path} is not there; check the path")
    try:
        columns = _columns(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise CandleFileError(f"{path} cannot be read: {str(error).partition(chr(10))[0]}; export it again") from None
    for name in ("ts", "rate"):
        if name not in columns:
            raise CandleFileError(f"{path} has the columns {', '.join(columns) or 'none'}; it needs one called {name}")
    marks = columns.get("mark", [None] * len(columns["ts"]))
    rows = []
    for row, (ts, rate, mark) in enumerate(zip(columns["ts"], columns["rate"], marks, strict=True), start=1):
        where = f"{path}: row {row}"
        amount = _number(where, "rate", rate)
        price = None if mark is None or mark == "" else _number(where, "mark", mark)
        if not amount.copy_abs() < 1:
            raise CandleFileError(f"{where}: rate is {rate}, but it is a fraction of notional: 0.0001 is one bps")
        if price is not None and price <= 0:
            raise CandleFileError(f"{where}: mark is {mark}, a price must be above 0")
        rows.append(FundingRate(_time(where, ts), amount, price))
    return sorted(rows, key=lambda found: found.ts)


def _columns(path: Path) -> dict[str, Sequence[Any]]:
    import pyarrow.feather as feather
    import pyarrow.parquet as pq

    suffix = path.suffix.lower()
    if suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            names, *rows = list(csv.reader(file)) or [[]]
        return {name.strip().lower(): list(cells) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
    if suffix not in (".parquet", ".feather"):
        raise CandleFileError(f"{path} is no funding file; it must be one of .parquet, .csv, .feather")
    table = pq.read_table(path) if suffix == ".parquet" else feather.read_table(path)
    return {name.lower(): table.column(name).to_pylist() for name in table.column_names}


def _number(where: str, name: str, value: object) -> Decimal:
    try:
        number = Decimal(repr(value) if isinstance(value, float) else str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise CandleFileError(f"{where}: {name} is {value!r}, not a number")
    return number


def _time(where: str, value: object) -> int:
    if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
        return int(value)
    try:
        return parse_time(value.isoformat() if hasattr(value, "isoformat") else str(value))
    except InvalidValue:
        raise CandleFileError(f"{where}: ts is {value!r}, not a time: ms UTC or ISO-8601") from None
