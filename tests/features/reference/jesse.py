"""jesse's expected values: the last candle's, for each of its indicators."""

import gzip
import json
from functools import cache

import numpy as np
from tests.features.reference.data import references

from papertape.contract.candle import Floats

_ORDER = ("ts", "open", "close", "high", "low", "volume")


@cache
def candles(name: str) -> Floats:
    """Candles (6, n), ts to volume, under the name that the expectations give."""
    with gzip.open(references() / "jesse" / "candles.json.gz", "rt", encoding="utf-8") as file:
        rows = dict(zip(_ORDER, np.array(json.load(file)[name], np.float64).T, strict=True))
    return np.array([rows[column] for column in ("ts", "open", "high", "low", "close", "volume")])


@cache
def expected() -> dict[str, tuple[str, dict[str, str], dict[str, float]]]:
    """By indicator: the name of its candles, how it is called, and by expression the value."""
    entries = json.loads((references() / "jesse" / "expected.json").read_text("utf-8"))
    return {
        entry["indicator"]: (entry["candles"], entry["calls"], {text: float(value) for text, value in entry["expect"]})
        for entry in entries
    }
