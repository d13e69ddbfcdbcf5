"""Golden rows: what a model answered when it was made, kept to be asked again wherever it is loaded."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from papertape_ml.errors import BadModelFiles, GoldenRowsDiffer, WrongInputs
from papertape_ml.models.contract import Array, Model

COUNT = 32


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """Inputs ``(32, inputs)``, some NaN; outputs, within ``tolerance``; and inner values that must be the same bits."""

    inputs: Array
    outputs: Array
    exact: Array
    tolerance: float

    def as_document(self) -> dict[str, Any]:
        """For the manifest; NaN is null, every other float exact."""
        return {
            "inputs": _lists(self.inputs),
            "outputs": _lists(self.outputs),
            "exact": _lists(self.exact),
            "tolerance": self.tolerance,
        }

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """The rows of `as_document`; anything else is `BadModelFiles`."""
        try:
            inputs, outputs, exact = (_array(document[name]) for name in ("inputs", "outputs", "exact"))
            tolerance = float(document["tolerance"])
        except (KeyError, TypeError, ValueError, OverflowError) as wrong:
            raise BadModelFiles("golden rows have inputs, outputs, exact and a tolerance") from wrong
        if not 0 <= tolerance <= 1e-3 or not 1 <= len(inputs) <= 1024 or not len(inputs) == len(outputs) == len(exact):
            raise BadModelFiles("golden rows are as many inputs as outputs, with a tolerance of at most 0.001")
        return cls(inputs, outputs, exact, tolerance)


def golden(model: Model, rows: Array) -> Golden:
    """32 rows, spread evenly over ``rows``; every fourth loses one input and the last all, to hold what NaN does."""
    rows = model.contract.check_rows(rows)
    if not len(rows):
        raise WrongInputs("golden rows are taken from rows, and there are none")
    chosen = rows[np.arange(COUNT) * len(rows) // COUNT].copy()
    for row in range(3, COUNT, 4):
        chosen[row, (row // 4) % chosen.shape[1]] = np.nan
    chosen[-1] = np.nan
    return Golden(chosen, model.predict(chosen), model.exact(chosen), model.tolerance)


def reproduces(model: Model, kept: Golden) -> None:
    """Raise `GoldenRowsDiffer`, with the first difference, unless ``model`` answers as it did when it was made."""
    try:
        outputs, exact = model.predict(kept.inputs), model.exact(kept.inputs)
    except WrongInputs as wrong:
        raise GoldenRowsDiffer(f"the golden rows are not what the model reads: {wrong}") from wrong
    if outputs.shape != kept.outputs.shape or exact.shape != kept.exact.shape:
        raise GoldenRowsDiffer(f"the model answers {outputs.shape}, {exact.shape} to rows of {kept.outputs.shape}")
    for what, now, then, tolerance in (
        ("inner value", exact, kept.exact, 0.0),
        ("output", outputs, kept.outputs, kept.tolerance),
    ):
        apart = ~(np.isnan(now) & np.isnan(then)) & ~(np.abs(now - then) <= tolerance)
        if apart.any():
            row, column = (int(i) for i in np.argwhere(apart)[0])
            found, expected = float(now[row, column]), float(then[row, column])
            raise GoldenRowsDiffer(f"golden row {row}, {what} {column}: {found!r}, kept was {expected!r}")


def _lists(rows: Array) -> list[list[float | None]]:
    return [[None if np.isnan(value) else value for value in row] for row in rows.tolist()]


def _array(lists: Any) -> Array:
    rows = [[np.nan if value is None else float(value) for value in row] for row in lists]
    array = np.array(rows, dtype=np.float64)
    if array.ndim != 2 or np.isinf(array).any():
        raise ValueError("golden rows are a table of numbers")
    return array
