"""backtrader's expected values: three of each line, over the days of 2006."""

import csv
import json
from dataclasses import dataclass
from functools import cache

import numpy as np
from tests.features.reference.data import references

from papertape.contract.candle import Floats


@cache
def candles() -> Floats:
    """The days (6, n), ts to volume; volumes are 0."""
    with (references() / "backtrader" / "2006-day-001.txt").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    days = [float(np.datetime64(row[0], "ms").astype(np.int64)) for row in rows]
    return np.array([[day, *map(float, row[1:6])] for day, row in zip(days, rows, strict=True)]).T


@dataclass(frozen=True)
class Expected:
    """An indicator's lines: of each, values at the last candle, at its first (candle number `first`), and midway."""

    first: int
    lines: tuple[tuple[float, ...], ...]

    def line(self, place: int, n: int) -> Floats:
        """A line over n candles, NaN where nothing is said of it."""
        values = np.full(n, np.nan)
        at = (n - 1, self.first - 1, (n + self.first) // 2 - 1)
        values[list(at)] = self.lines[place]
        return values


@cache
def expected() -> dict[str, Expected]:
    entries = json.loads((references() / "backtrader" / "expected.json").read_text("utf-8"))
    return {
        entry["file"]: Expected(entry["chkmin"], tuple(tuple(map(float, line)) for line in entry["chkvals"]))
        for entry in entries
    }
