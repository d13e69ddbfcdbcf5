"""StockCharts' worked examples: a file holds inputs and what comes of them."""

import csv
from functools import cache

import numpy as np
from tests.features.reference.data import references

from papertape.contract.candle import Floats


@cache
def _rows(name: str) -> tuple[list[str], list[list[str]]]:
    with (references() / "stockcharts" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))
    return [heading.lower() for heading in head], rows


@cache
def columns(name: str) -> dict[str, Floats]:
    """A file's columns by heading in lower case, NaN where empty."""
    head, rows = _rows(name)
    return {
        heading: np.array([_number(row[column]) for row in rows])
        for column, heading in enumerate(head)
        if heading and "date" not in heading
    }


@cache
def decimals(name: str) -> dict[str, int]:
    """How many decimals a file's columns are given with, by heading in lower case."""
    head, rows = _rows(name)
    return {heading: max(len(row[column].partition(".")[2]) for row in rows) for column, heading in enumerate(head)}


def _number(text: str) -> float:
    return float(text) if text.strip() else np.nan
