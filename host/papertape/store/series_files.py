"""Reading external series: Parquet, CSV and Feather with the columns `ts`, `value` and, where known, `available`."""

import math
from os import SEEK_END
from pathlib import Path

from papertape.contract.errors import CandleFileError
from papertape.contract.series import SeriesRecord
from papertape.store.table_files import number, read_table, time


def read_series(path: Path, lag: int | None) -> list[SeriesRecord]:
    """All records, by the time they became known; `lag`: ms after `ts`, for a file that does not say when.

    Raises `CandleFileError`, naming file, row and cure.
    """
    columns = read_table(path, "series")
    for name in ("ts", "value"):
        if name not in columns:
            raise CandleFileError(f"{path} has the columns {', '.join(columns) or 'none'}; it needs one called {name}")
    if "available" not in columns and lag is None:
        raise CandleFileError(
            f"{path} does not say when its values became known: it needs a column available, or say how long after "
            "their ts with lag, such as lag=1h"
        )
    records = []
    for row, (ts, value) in enumerate(zip(columns["ts"], columns["value"], strict=True), start=1):
        where = f"{path}: row {row}"
        valid = time(where, "ts", ts)
        known = time(where, "available", columns["available"][row - 1]) if lag is None else valid + lag
        if known < valid and lag is None:
            raise CandleFileError(f"{where}: available lies before ts; a value cannot be known before its time")
        amount = float(number(where, "value", value))
        if not math.isfinite(amount):
            raise CandleFileError(f"{where}: value is {value!r}, too large a number")
        records.append(SeriesRecord(valid, known, amount))
    return sorted(records, key=lambda record: (record.available, record.valid))


def under_way(path: Path) -> bool:
    """Whether a file is a CSV whose last line has no end: somebody may still be writing it."""
    if path.suffix.lower() != ".csv" or not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, SEEK_END)
        return file.read() not in (b"\n", b"\r")
