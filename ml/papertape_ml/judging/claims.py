"""What a model says about a label by its outputs: class probabilities or a quantity, and which way to act.

Labels have classes by number (`LabelSpec.classes`), models have outputs by name. Both are brought to a value: 1 is up,
-1 is down, 0 is neither; of labels that ask whether (`act`, `tp-before-sl`), 1 is yes and 0 is no. A gate asks whether
of any label: whether the value is not 0. Rows of a value that no output speaks of (the neutral ones, for a model that
was taught up and down alone) are not what the model was asked for, and are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from papertape.contract.errors import InvalidValue
from papertape_ml.labels import LabelSpec

Array = npt.NDArray[np.float64]
Columns = npt.NDArray[np.int64]

VALUES: Final = {
    "buy": 1, "up": 1, "target": 1, "act": 1, "yes": 1,
    "hold": 0, "neutral": 0, "time": 0, "no": 0,
    "sell": -1, "down": -1, "stop": -1,
}  # fmt: skip
"""What outputs of these names (before `_probability`, or the horizon) give the probability of."""
ACTION: Final = "predicted_action"
UNKNOWN: Final = -1
"""The outcome of a row that a claim does not speak of."""
_WHETHER: Final = ("act", "tp-before-sl")


@dataclass(frozen=True, slots=True)
class Claim:
    """Of one column of the label: the outputs (places) that speak of it.

    `values`: what each output gives the probability of; empty for a quantity, which one output gives. `whether`: it is
    a gate's.
    """

    name: str
    column: int
    outputs: tuple[int, ...]
    values: tuple[int, ...] = ()
    whether: bool = False

    def probabilities(self, answers: Array) -> Array:
        """Of the claim's values `(n, k)`, out of answers `(n, outputs)`."""
        return np.ascontiguousarray(answers[:, list(self.outputs)])

    def happened(self, label: LabelSpec, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The claim's column of the label `(n,)`, of `y` `(n,)` or `(n, columns)`: its quantity, or the place of what
        happened among the claim's values, `UNKNOWN` for another."""
        column = y if y.ndim == 1 else y[:, self.column]
        if not self.values:
            return column
        value = values_of(label, column)
        if self.whether:
            value = np.abs(value)
        found = np.full(len(column), UNKNOWN, np.int64)
        for place, one in enumerate(self.values):
            found[value == one] = place
        return found


def values_of(label: LabelSpec, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The value of each number of a label with classes. A short's target lies below, so it is a -1 there."""
    if label.kind in _WHETHER:
        return y
    return (y - 1) * (-1 if label.kind == "triple-barrier" and label.side == "short" else 1)


def claims_of(label: LabelSpec, outputs: Sequence[str]) -> tuple[Claim, ...]:
    """What the outputs say about each column of the label.

    Raises `InvalidValue` where they say nothing about a column, or give one probability of it alone.
    """
    return tuple(_claim(label, outputs, column) for column in range(len(label.outputs)))


def stances(label: LabelSpec, outputs: Sequence[str], answers: Array) -> Columns:
    """Which way to act on each answer `(n,)`: 1 long, -1 short, 0 not at all; 0 too where the model abstains.

    A model with the output `predicted_action` says it; of others the likeliest value of the label's last column does.
    Of a label that asks whether, it is the label's own side that is acted on. Nothing is done where the answers say
    nothing of sides: a quantity, whether the better side with hindsight was worth it, a gate over a label with two
    sides, and up or down alone, which is true only of rows that were worth it.
    """
    found = np.zeros(len(answers), np.int64)
    if not sided(label, outputs):
        return found
    claim = claims_of(label, outputs)[-1]
    known = ~np.isnan(answers).any(axis=1)
    if ACTION in outputs:
        found[known] = np.sign(answers[known, list(outputs).index(ACTION)]).astype(np.int64)
    else:
        likeliest = claim.probabilities(answers[known]).argmax(axis=1)
        found[known] = np.array(claim.values, np.int64)[likeliest]
    if label.kind not in _WHETHER:
        return found
    return found if label.side == "long" else -found


def sided(label: LabelSpec, outputs: Sequence[str]) -> bool:
    """Whether the outputs say which way to act."""
    if not label.classes or (label.kind == "act" and label.side == "either"):
        return False
    claim = claims_of(label, outputs)[-1]
    return label.kind in _WHETHER or (not claim.whether and 0 in claim.values)


def _claim(label: LabelSpec, outputs: Sequence[str], column: int) -> Claim:
    name = label.outputs[column]
    if not label.classes:
        if name not in outputs:
            raise InvalidValue(f"the model says nothing about {name} of the label {str(label)!r}")
        return Claim(name, column, (list(outputs).index(name),))
    ending = f"_{label.horizons[column]}"
    named = [(at, each.removesuffix("_probability")) for at, each in enumerate(outputs)]
    if any(each.endswith(ending) for each in outputs):
        named = [(at, each.removesuffix(ending)) for at, each in named if each.endswith(ending)]
    found = [(at, VALUES[each]) for at, each in named if each in VALUES]
    values = tuple(value for _, value in found)
    if len(values) < 2 or len(set(values)) < len(values):
        raise InvalidValue(f"the outputs {', '.join(outputs)} say nothing about {name} of the label {str(label)!r}")
    whether = any(each == "act" for _, each in named)
    return Claim(name, column, tuple(at for at, _ in found), values, whether)
