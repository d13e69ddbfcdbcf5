"""Golden rows: what a model made of some rows where it was made, and what it makes of them here."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from papertape_ml.registry.manifest import Golden, Row

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Any]
"""Rows of shape (n, inputs) to rows of shape (n, outputs)."""


def difference(golden: Golden, predict: Predict, tolerance: float = 0.0) -> str | None:
    """How what `predict` gives differs from the golden outputs, in a line; None if by no more than `tolerance`.

    NaN equals NaN alone. `tolerance` is absolute; 0 asks for the same bits.
    """
    expected = rows(golden.outputs)
    found = np.asarray(predict(rows(golden.inputs)), dtype=np.float64)
    if found.shape != expected.shape:
        return f"the golden rows come out in the shape {found.shape}, not {expected.shape}"
    apart = np.where(found == expected, 0.0, np.abs(found - expected))
    apart = np.where(np.isnan(found) & np.isnan(expected), 0.0, apart)
    wrong = ~(apart <= tolerance)
    if not wrong.any():
        return None
    row, column = (int(each) for each in np.argwhere(wrong)[0])
    return (
        f"{int(wrong.sum())} of {wrong.size} golden values differ by more than {tolerance:g}; the first, in row {row}, "
        f"output {column}: {float(found[row, column])!r}, not {float(expected[row, column])!r}"
    )


def rows(values: tuple[Row, ...]) -> Floats:
    """As an array; None becomes NaN."""
    return np.array([[math.nan if value is None else value for value in row] for row in values], dtype=np.float64)
