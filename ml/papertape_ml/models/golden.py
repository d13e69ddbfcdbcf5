"""Golden rows: what a model answered when it was made, kept to be asked again wherever it is loaded."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from papertape_ml.errors import BadModelFiles, GoldenRowsDiffer, WrongInputs
from papertape_ml.models.contract import Array, Model

COUNT = 32
_MOST = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """Inputs ``(32, inputs)``, some NaN, and outputs; inner values that must be the same bits, where they were kept."""

    inputs: Array
    outputs: Array
    exact: Array | None = None

    def as_document(self) -> dict[str, Any]:
        """For the manifest; NaN is null, every other float exact."""
        document = {"inputs": _lists(self.inputs), "outputs": _lists(self.outputs)}
        return document if self.exact is None else document | {"exact": _lists(self.exact)}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """The rows of `as_document`; anything else is `BadModelFiles`."""
        try:
            inputs, outputs = _array(document["inputs"]), _array(document["outputs"])
            exact = _array(document["exact"]) if document.get("exact") is not None else None
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as wrong:
            raise BadModelFiles("golden rows are tables of inputs, of outputs, and of exact values if any") from wrong
        if len(inputs) > _MOST or len(outputs) != len(inputs) or (exact is not None and len(exact) != len(inputs)):
            raise BadModelFiles(f"golden rows are as many inputs as outputs, at most {_MOST}")
        return cls(inputs, outputs, exact)


def golden(model: Model, rows: Array) -> Golden:
    """32 rows, spread evenly over ``rows``; every fourth loses one input and the last all, to hold what NaN does."""
    rows = model.contract.check_rows(rows)
    if not len(rows):
        raise WrongInputs("golden rows are taken from rows, and there are none")
    chosen = rows[np.arange(COUNT) * len(rows) // COUNT].copy()
    for row in range(3, COUNT, 4):
        chosen[row, (row // 4) % chosen.shape[1]] = np.nan
    chosen[-1] = np.nan
    return Golden(chosen, model.predict(chosen), model.exact(chosen))


def reproduces(model: Model, kept: Golden) -> None:
    """Raise `GoldenRowsDiffer`, with the first difference, unless ``model`` answers as it did when it was made."""
    try:
        asked = [("output", model.predict(kept.inputs), kept.outputs, model.tolerance)]
        if kept.exact is not None:
            asked.insert(0, ("inner value", model.exact(kept.inputs), kept.exact, 0.0))
    except WrongInputs as wrong:
        raise GoldenRowsDiffer(f"the golden rows are not what the model reads: {wrong}") from wrong
    for what, now, then, tolerance in asked:
        if now.shape != then.shape:
            raise GoldenRowsDiffer(f"golden rows: {what}s have the shape {now.shape}, kept was {then.shape}")
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
