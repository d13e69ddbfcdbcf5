"""What a model reads and answers: names in order, and the interface that every kind of model has."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from papertape_ml.errors import BadModelFiles, WrongInputs

Array = NDArray[np.float64]

_LARGEST = float(np.finfo(np.float32).max)  # tree libraries keep float32, where anything above is infinite


@dataclass(frozen=True, slots=True)
class ModelContract:
    """The inputs (in order) and outputs (in order) of a model; rows are float64.

    >>> contract = ModelContract(("rsi_14", "atr_pct"), ("buy_probability",))
    >>> contract.check_names(("rsi_14", "atr_pct"))
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    dtype: str = "float64"

    def __post_init__(self) -> None:
        if self.dtype != "float64":
            raise WrongInputs(f"a model reads float64, not {self.dtype!r}")
        for what, names in (("inputs", self.inputs), ("outputs", self.outputs)):
            if not names:
                raise WrongInputs(f"a model needs {what}, there are none")
            twice = sorted(name for name, count in Counter(names).items() if count > 1)
            if twice:
                raise WrongInputs(f"{what} named more than once: {', '.join(twice)}")

    def check_names(self, names: Sequence[str]) -> None:
        """Raise `WrongInputs`, naming the difference, unless ``names`` are the inputs in their order."""
        if tuple(names) == self.inputs:
            return
        missing = [name for name in self.inputs if name not in names]
        if missing:
            raise WrongInputs(f"the model reads {len(missing)} more: {', '.join(missing)}")
        unknown = [name for name in names if name not in self.inputs]
        if unknown:
            raise WrongInputs(f"the model does not read: {', '.join(unknown)}")
        if len(names) != len(self.inputs):
            raise WrongInputs("an input is given more than once")
        at = next(i for i, name in enumerate(self.inputs) if names[i] != name)
        raise WrongInputs(f"wrong order: input {at} is {self.inputs[at]!r}, but {names[at]!r} stands there")

    def check_rows(self, rows: Array) -> Array:
        """The rows as contiguous float64 ``(n, inputs)``; NaN means unknown, anything else must fit into float32."""
        rows = np.asarray(rows)
        if rows.ndim != 2 or rows.shape[1] != len(self.inputs):
            raise WrongInputs(f"the model reads rows of {len(self.inputs)} inputs, got the shape {rows.shape}")
        if rows.dtype != np.float64:
            raise WrongInputs(f"the model reads float64, got {rows.dtype}")
        with np.errstate(invalid="ignore"):
            wide = np.abs(rows) > _LARGEST
        if wide.any():
            row, column = (int(i) for i in np.argwhere(wide)[0])
            raise WrongInputs(f"{self.inputs[column]} is {rows[row, column]} in row {row}: not a finite number")
        return np.ascontiguousarray(rows)

    def as_document(self) -> dict[str, Any]:
        """For a manifest or a model's own file."""
        return {"inputs": list(self.inputs), "outputs": list(self.outputs), "dtype": self.dtype}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """The contract of `as_document`; anything else is `BadModelFiles`."""
        try:
            inputs, outputs, dtype = document["inputs"], document["outputs"], document["dtype"]
        except (KeyError, TypeError) as wrong:
            raise BadModelFiles("a contract has inputs, outputs and dtype") from wrong
        for names in (inputs, outputs):
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise BadModelFiles("inputs and outputs of a contract are lists of names")
        try:
            return cls(tuple(inputs), tuple(outputs), dtype)
        except WrongInputs as wrong:
            raise BadModelFiles(str(wrong)) from wrong


class Model(Protocol):
    """A model that can be served. It never changes; its files say all that it is."""

    @property
    def kind(self) -> str:
        """The name under which `papertape_ml.models.loading.load` parses its files."""

    @property
    def contract(self) -> ModelContract:
        """What it reads and answers."""

    @property
    def tolerance(self) -> float:
        """How far an output may lie from the kept one on another machine."""

    def files(self) -> dict[str, bytes]:
        """Everything that the model is, by plain file name."""

    def predict(self, rows: Array) -> Array:
        """``(n, inputs)`` -> ``(n, outputs)``. A row's answer has the same bits whatever rows come with it."""

    def exact(self, rows: Array) -> Array:
        """``(n, inputs)`` -> ``(n, k)``: the inner values that must be the same bits everywhere; k may be 0."""
