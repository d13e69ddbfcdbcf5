"""Skender's Stock.Indicators: its stored results and spreadsheets for 502 days of SPY."""

import csv
import json
from functools import cache

import numpy as np
from tests.features.reference.data import references

from papertape.contract.candle import Floats


@cache
def quotes(name: str = "default") -> Floats:
    """Candles (6, n) of a file of quotes."""
    with (references() / "skender" / "quotes" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))[1:]
    days = [float(np.datetime64(row[0], "ms").astype(np.int64)) for row in rows]
    return np.array([[day, *map(float, row[1:6])] for day, row in zip(days, rows, strict=True)]).T


@cache
def results(name: str) -> dict[str, Floats]:
    """The numbers of one file of results by their field, NaN where there is none."""
    rows = json.loads((references() / "skender" / "results" / f"{name}.standard.json").read_text("utf-8"))
    fields = [field for field in rows[-1] if field not in ("timestamp", "date", "candle", "open", "volume")]
    return {field: np.array([_number(row.get(field)) for row in rows]) for field in fields}


@cache
def params() -> dict[str, str]:
    """The call that made each file of results, by the file's name."""
    with (references() / "skender" / "params.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row[0].removesuffix(".standard.json"): row[1] for row in list(csv.reader(file, delimiter=";"))[1:]}


@cache
def sheet(name: str) -> dict[str, Floats]:
    """A spreadsheet's columns by heading, up to the first empty heading; one row for each quote, NaN where empty."""
    with (references() / "skender" / "excel" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    top = next(at for at, row in enumerate(rows) if "date" in row or "mrkt" in row)
    head = rows[top]
    width = head.index("") if "" in head else len(head)
    body = [row for row in rows[top + 1 :] if row and row[0].isdigit()]
    return {
        head[column]: np.array([_number(row[column] if column < len(row) else "") for row in body])
        for column in range(2, width)
    }


def _number(value: object) -> float:
    if isinstance(value, bool) or value is None:
        return float(value) if value is not None else np.nan
    try:
        return float(str(value))
    except ValueError:
        return np.nan
