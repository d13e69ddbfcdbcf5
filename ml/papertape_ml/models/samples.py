"""What a classifier learns from: rows, their classes and their weights, checked once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from papertape_ml.errors import BadLabels, BadModelFiles
from papertape_ml.models.contract import Array, ModelContract


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a label: names in the order of the model's columns, and the label value of each.

    With two classes the second is the one whose log-odds a booster learns.
    """

    names: tuple[str, ...]
    values: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.names)
        if count < 2 or len(self.values) != count or len(set(self.names)) != count or len(set(self.values)) != count:
            raise BadLabels(f"a classifier needs two or more classes, each with its value: {self.names}, {self.values}")

    def indices(self, labels: ArrayLike) -> NDArray[np.int64]:
        """The column of each label; NaN or a value of no class is `BadLabels`.

        >>> SIGNAL.indices([1, 0, -1]).tolist()
        [0, 2, 1]
        """
        given = np.asarray(labels, dtype=np.float64)
        if given.ndim != 1:
            raise BadLabels(f"labels are one number a row, got the shape {given.shape}")
        unknown = np.isnan(given)
        if unknown.any():
            raise BadLabels(f"{int(unknown.sum())} of {len(given)} labels are NaN, the first in row {unknown.argmax()}")
        found = given[:, None] == np.asarray(self.values, dtype=np.float64)
        strange = ~found.any(axis=1)
        if strange.any():
            raise BadLabels(f"label {given[strange][0]:g} is none of {', '.join(str(value) for value in self.values)}")
        columns: NDArray[np.int64] = found.argmax(axis=1).astype(np.int64)
        return columns

    def as_document(self) -> dict[str, Any]:
        """For the model's own file."""
        return {"names": list(self.names), "values": list(self.values)}

    @classmethod
    def from_document(cls, document: Any) -> "Classes":
        """The classes of `as_document`; anything else is `BadModelFiles`."""
        try:
            names, values = document["names"], document["values"]
            if not all(isinstance(name, str) for name in names) or not all(type(value) is int for value in values):
                raise BadModelFiles("classes have names and whole numbers as values")
            return cls(tuple(names), tuple(values))
        except (KeyError, TypeError, BadLabels) as wrong:
            raise BadModelFiles("a classifier's file names its classes and their values") from wrong


SIGNAL = Classes(("buy", "sell", "hold"), (1, -1, 0))
GATE = Classes(("hold", "act"), (0, 1))
DIRECTION = Classes(("down", "up"), (-1, 1))


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows ``(n, inputs)``, the column of each one's class, and weights with a mean of 1."""

    rows: Array
    classes: NDArray[np.int64]
    weights: Array

    def __len__(self) -> int:
        return len(self.classes)

    def where(self, chosen: NDArray[np.bool_]) -> "Sample":
        """Those rows alone; the weights keep their ratios and get a mean of 1 again."""
        return Sample(self.rows[chosen], self.classes[chosen], _levelled(self.weights[chosen]))

    def with_classes(self, classes: NDArray[np.int64]) -> "Sample":
        """The same rows with other classes."""
        return Sample(self.rows, classes, self.weights)


def sample(
    contract: ModelContract,
    classes: Classes,
    names: Sequence[str],
    rows: Array,
    labels: ArrayLike,
    weights: ArrayLike | None = None,
) -> Sample:
    """A checked sample: columns are ``names``, ``labels`` are values of ``classes``, weights are above 0.

    Weights (by label uniqueness, say) are brought to a mean of 1, so that a setting such as the least weight of a leaf
    means the same with and without them.
    """
    contract.check_names(names)
    rows = contract.check_rows(rows)
    indices = classes.indices(labels)
    if len(indices) != len(rows):
        raise BadLabels(f"{len(rows)} rows have {len(indices)} labels")
    if not len(rows):
        raise BadLabels("there is no row to learn from")
    given = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape != indices.shape or not np.isfinite(given).all() or (given <= 0).any():
        raise BadLabels("weights are one finite number above 0 a row")
    return Sample(rows, indices, _levelled(given))


def check_learnable(part: Sample, names: tuple[str, ...]) -> None:
    """Raise `BadLabels` unless two classes or more occur."""
    present = np.unique(part.classes)
    if not len(present):
        raise BadLabels("there is no row to learn from")
    if len(present) < 2:
        raise BadLabels(f"only one class occurs in {len(part)} rows: {names[int(present[0])]}")


def _levelled(weights: Array) -> Array:
    return weights / weights.mean() if len(weights) else weights
