"""Tulip's worked examples out of Achelis, Technical Analysis from A to Z, and its candlestick cases."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from tests.features.reference.data import references

from papertape.contract.candle import Floats


@dataclass(frozen=True)
class Case:
    """One example: `rows` are inputs and then outputs; outputs are shorter, and end with the inputs.

    `decimals`: how many the outputs are given with.
    """

    name: str
    options: tuple[float, ...]
    rows: tuple[Floats, ...]
    decimals: tuple[int, ...]

    def row(self, place: int) -> Floats:
        """A row, NaN in front to the length of the first."""
        row = self.rows[place]
        return np.concatenate([np.full(len(self.rows[0]) - len(row), np.nan), row])


@cache
def examples() -> dict[str, Case]:
    """The examples by name."""
    text = (references() / "tulip" / "atoz.txt").read_text("utf-8")
    found: dict[str, Case] = {}
    name: list[str] = []
    rows: list[Floats] = []
    decimals: list[int] = []
    for line in [*text.splitlines(), "end"]:
        if line.startswith("{"):
            cells = [cell.strip() for cell in line.strip("{} \t").split(",") if cell.strip()]
            rows.append(np.array([float(cell) for cell in cells]))
            decimals.append(max(len(cell.partition(".")[2]) for cell in cells))
        elif line and not line.startswith("#"):
            if name:
                options = tuple(float(option) for option in name[1:])
                found[name[0]] = Case(name[0], options, tuple(rows), tuple(decimals))
            name, rows, decimals = line.split(), [], []
    return found


@dataclass(frozen=True)
class Drawing:
    """Candles, and the patterns that are (or, with "!", are not) at some of them."""

    candles: tuple[Floats, ...]  # open, high, low, close
    said: tuple[tuple[str, tuple[int, ...]], ...]


@cache
def drawings() -> tuple[Drawing, ...]:
    """The candlestick cases."""
    found: list[Drawing] = []
    for block in (references() / "tulip" / "candles.txt").read_text("utf-8").split("candle\n")[1:]:
        lines = [line.strip() for line in block.splitlines() if line.strip() and not line.startswith("#")]
        rows = [np.array([float(cell) for cell in line.strip("{}").split(",")]) for line in lines if line[0] == "{"]
        said = [line.split() for line in lines if line[0] != "{"]
        found.append(Drawing(tuple(rows), tuple((name, tuple(map(int, places))) for name, *places in said)))
    return tuple(found)
