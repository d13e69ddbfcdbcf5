"""The position sizer: a small network that says what part of a book's equity an entry is worth, from 0 to 1.

Its evaluation is written out in numpy: layer by layer, one input after the other, multiplications and additions of
float64 alone. Each of them is rounded by IEEE 754 in one way only, so what comes before the last step is the same bits
for every number of rows and on every machine; the sigmoid at the end is elementwise over whole vectors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadModelFiles
from papertape_ml.models.blocks import in_whole_vectors
from papertape_ml.models.contract import Array, ModelContract
from papertape_ml.models.documents import from_bytes, numbers, to_bytes
from papertape_ml.sizing.inputs import INPUTS

CONTRACT: Final = ModelContract(INPUTS, ("size",))
WIDTHS: Final = (len(INPUTS), 64, 32, 16, 1)
"""Values before the first layer, and after each."""

REACH: Final = 6.0
"""An input counts as at most so many standard deviations away from its mean."""

_ABOUT: Final = "model.json"
_WEIGHTS: Final = "weights.safetensors"
_FORMAT: Final = 1
_LARGEST: Final = 1e6
"""A weight beyond this is no weight of a network that was fitted; below it no sum of any row overflows."""

_MOST: Final = 2**16
"""Bytes of a file of weights: four times what there is to say."""

_AT_A_TIME: Final = 4096
"""Rows, for the sake of memory."""

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Weights (outputs, inputs) and biases (outputs,)."""


@dataclass(frozen=True, slots=True, eq=False)
class SizerModel:
    """Inputs, less `centre`, over `scale`; then 64, 32 and 16 rectified units, and a sigmoid.

    An input counts as at most `REACH` scales away. NaN in, NaN out: it abstains.
    """

    centre: tuple[float, ...]
    scale: tuple[float, ...]
    layers: tuple[Layer, ...]
    kind: str = "sizer"
    contract: ModelContract = CONTRACT
    tolerance: float = 1e-9

    def files(self) -> dict[str, bytes]:
        """The weights as safetensors, and `model.json` with all else."""
        about: dict[str, Any] = {
            "format": _FORMAT,
            "kind": self.kind,
            "contract": self.contract.as_document(),
            "centre": list(self.centre),
            "scale": list(self.scale),
        }
        tensors = {name: np.ascontiguousarray(value) for name, value in _named(self.layers).items()}
        return {_ABOUT: to_bytes(about), _WEIGHTS: bytes(_safetensors().numpy.save(tensors))}

    def exact(self, rows: Array) -> Array:
        """The log-odds `(n, 1)` behind the size."""
        rows = self.contract.check_rows(rows)
        found = np.empty((len(rows), 1))
        for start in range(0, len(rows), _AT_A_TIME):
            found[start : start + _AT_A_TIME, 0] = self._odds(rows[start : start + _AT_A_TIME].T)
        return found

    def _odds(self, values: Array) -> Array:
        """Inputs (13, n) -> log-odds (n,)."""
        missing = np.isnan(values).any(axis=0)
        with np.errstate(over="ignore"):  # what is infinitely far away is clipped like all else
            values = (np.where(missing, 0.0, values) - _column(self.centre)) / _column(self.scale)
        values = np.clip(values, -REACH, REACH)
        for number, (weights, biases) in enumerate(self.layers):
            values = _summed(weights.astype(np.float64), biases.astype(np.float64), values)
            if number < len(self.layers) - 1:
                values = np.maximum(values, 0.0)
        return np.where(missing, np.nan, values[0])

    def predict(self, rows: Array) -> Array:
        """As `Model.predict`: `(n, 13)` -> `(n, 1)`, sizes as parts of equity."""
        odds = np.ascontiguousarray(self.exact(rows).T)
        return in_whole_vectors(_sigmoid, odds).T.copy()

    @classmethod
    def from_files(cls, kind: str, files: dict[str, bytes]) -> Self:
        """The model of `files`; anything else is `BadModelFiles`."""
        if set(files) != {_ABOUT, _WEIGHTS}:
            raise BadModelFiles(f"a {kind} has the files {_ABOUT} and {_WEIGHTS}, not {', '.join(sorted(files))}")
        about = from_bytes(files[_ABOUT], _ABOUT)
        if about.get("format") != _FORMAT or about.get("kind") != kind:
            raise BadModelFiles(f"{_ABOUT} is no {kind} of format {_FORMAT}")
        if ModelContract.from_document(about.get("contract")) != CONTRACT:
            raise BadModelFiles(
                f"{_ABOUT}: a {kind} reads {len(INPUTS)} inputs in their order, and answers with a size"
            )
        centre = numbers(about.get("centre"), len(INPUTS), "centre")
        scale = numbers(about.get("scale"), len(INPUTS), "scale")
        if min(scale) <= 0:
            raise BadModelFiles(f"{_ABOUT}: scales lie above 0")
        return cls(tuple(centre), tuple(scale), _layers(files[_WEIGHTS]))


def _summed(weights: Array, biases: Array, values: Array) -> Array:
    """weights (out, in) x values (in, n) + biases, one input after the other: never a matrix product, whose order of
    summation depends on the shape. A single row, which is what a session asks for, goes by running sums: the same
    additions in the same order, in one call."""
    if values.shape[1] == 1:
        terms = np.concatenate((biases[:, None], weights * values[:, 0]), axis=1)
        last: Array = np.add.accumulate(terms, axis=1)[:, -1:]
        return last
    found = np.repeat(biases[:, None], values.shape[1], axis=1)
    term = np.empty_like(found)
    for column, row in zip(weights.T, values, strict=True):
        np.multiply(column[:, None], row[None, :], out=term)
        found += term
    return found


def _column(values: tuple[float, ...]) -> Array:
    return np.array(values)[:, None]


def _sigmoid(odds: Array) -> Array:
    """1 / (1 + e^-x) without overflow."""
    falling = np.exp(-np.abs(odds))
    result: Array = np.where(odds >= 0, 1.0, falling) / (1.0 + falling)
    return result


def _named(layers: tuple[Layer, ...]) -> Mapping[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    for number, (weights, biases) in enumerate(layers):
        found |= {f"{number}.weight": weights, f"{number}.bias": biases}
    return found


def _layers(data: bytes) -> tuple[Layer, ...]:
    """The layers in the bytes of a safetensors file: these and no others, of these shapes, finite."""
    if len(data) > _MOST:
        raise BadModelFiles(f"{_WEIGHTS} has {len(data):,} bytes, at most {_MOST:,} are read")
    library = _safetensors()
    try:
        found = library.numpy.load(data)
    except (library.SafetensorError, KeyError, ValueError, TypeError) as wrong:
        raise BadModelFiles(f"{_WEIGHTS} is no safetensors file: {wrong}") from wrong
    shapes: dict[str, tuple[int, ...]] = {}
    for number, (before, after) in enumerate(zip(WIDTHS, WIDTHS[1:], strict=False)):
        shapes |= {f"{number}.weight": (after, before), f"{number}.bias": (after,)}
    if found.keys() != shapes.keys():
        raise BadModelFiles(f"{_WEIGHTS} holds {len(found)} tensors that are not those of a sizer")
    for name, shape in shapes.items():
        tensor = found[name]
        if tensor.dtype != np.float32 or tensor.shape != shape:
            raise BadModelFiles(f"{_WEIGHTS}: {name} is {tensor.dtype} {tensor.shape}, float32 {shape} is expected")
        if not np.abs(tensor).max() <= _LARGEST:  # nor is NaN
            raise BadModelFiles(f"{_WEIGHTS}: {name} holds a weight that is not finite, or beyond {_LARGEST:g}")
    return tuple((found[f"{number}.weight"], found[f"{number}.bias"]) for number in range(len(WIDTHS) - 1))


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ModuleNotFoundError as missing:
        raise MissingExtra("a position sizer", "ml") from missing
    return safetensors
