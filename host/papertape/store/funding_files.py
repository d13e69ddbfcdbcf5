"""Reading funding files: Parquet, CSV and Feather with the columns `ts`, `rate` and, where known, `mark`."""

import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from papertape.contract.errors import CandleFileError
from papertape.store.table_files import number, read_table, time

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
    columns = read_table(path, "funding")
    for name in ("ts", "rate"):
        if name not in columns:
            raise CandleFileError(f"{path} has the columns {', '.join(columns) or 'none'}; it needs one called {name}")
    marks = columns.get("mark", [None] * len(columns["ts"]))
    rows = []
    for row, (ts, rate, mark) in enumerate(zip(columns["ts"], columns["rate"], marks, strict=True), start=1):
        where = f"{path}: row {row}"
        amount = number(where, "rate", rate)
        price = None if mark is None or mark == "" else number(where, "mark", mark)
        if not amount.copy_abs() < 1:
            raise CandleFileError(f"{where}: rate is {rate}, but it is a fraction of notional: 0.0001 is one bps")
        if price is not None and price <= 0:
            raise CandleFileError(f"{where}: mark is {mark}, a price must be above 0")
        rows.append(FundingRate(time(where, "ts", ts), amount, price))
    return sorted(rows, key=lambda found: found.ts)
