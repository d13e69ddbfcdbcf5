"""Stacking: what the stances of several strategies together say of the market, by multinomial logistic regression.

Source: Wolpert (1992), Stacked Generalization: the members' answers are the inputs of a model of its own. Margins are
summed member by member in a fixed order of float64 operations, so they are the same bits for every number of rows and
on every machine; what follows is elementwise over whole vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from papertape.contract.fusion import Stance
from papertape_ml.errors import BadModelFiles, WrongInputs
from papertape_ml.models.blocks import in_whole_vectors
from papertape_ml.models.calibration import Calibrator, calibrator_from
from papertape_ml.models.contract import Array, ModelContract
from papertape_ml.models.documents import from_bytes, numbers, to_bytes

OUTPUTS: Final = ("up_probability", "down_probability", "neutral_probability")
CLASSES: Final = ("up", "down", "neutral")

_SIDE: Final = ".side_confidence"
_SILENT: Final = ".silent"
_ABOUT: Final = "model.json"
_FORMAT: Final = 1
_LARGEST: Final = 1e9
"""No coefficient that was fitted is larger; below it no margin overflows."""


def inputs_of(members: Sequence[str]) -> tuple[str, ...]:
    """Two inputs for each member, by its name: side x confidence, and whether it has no stance.

    A space in a name is written `%20`, as names of inputs have none.

    >>> inputs_of(["macd", "my idea"])
    ('macd.side_confidence', 'macd.silent', 'my%20idea.side_confidence', 'my%20idea.silent')
    """
    written = [member.replace(" ", "%20") for member in members]
    return tuple(member + what for member in written for what in (_SIDE, _SILENT))


def members_of(inputs: Sequence[str]) -> tuple[str, ...]:
    """The members whose inputs these are. Raises `WrongInputs` where they are not those of `inputs_of`."""
    members = tuple(name.removesuffix(_SIDE).replace("%20", " ") for name in inputs[::2])
    if not members or inputs_of(members) != tuple(inputs):
        raise WrongInputs(
            f"stacking reads {_SIDE} and {_SILENT} of each member in turn, not: {', '.join(inputs)[:200]}"
        )
    return members


def row_of(stances: Sequence[Stance | None]) -> Array:
    """The inputs `(2 x members,)` of the members' stances in their order; None where a member has none.

    >>> row_of([None]).tolist()
    [0.0, 1.0]
    """
    pairs = [(0.0, 1.0) if each is None else (each.side * each.confidence, 0.0) for each in stances]
    return np.array(pairs, np.float64).reshape(-1)


@dataclass(frozen=True, slots=True, eq=False)
class StackingModel:
    """The softmax, calibrated, of `shifts[k] + sum(weights[k][i] x input[i])` for each class k of `CLASSES`.

    NaN in, NaN out: it abstains.
    """

    contract: ModelContract
    weights: tuple[tuple[float, ...], ...]
    shifts: tuple[float, ...]
    calibrator: Calibrator
    kind: str = "stacking"
    tolerance: float = 1e-9

    @property
    def members(self) -> tuple[str, ...]:
        """Whose stances it reads, in the order of its inputs."""
        return members_of(self.contract.inputs)

    def files(self) -> dict[str, bytes]:
        """`model.json` alone."""
        about: dict[str, Any] = {
            "format": _FORMAT,
            "kind": self.kind,
            "contract": self.contract.as_document(),
            "weights": [list(row) for row in self.weights],
            "shifts": list(self.shifts),
            "calibration": self.calibrator.as_document(),
        }
        return {_ABOUT: to_bytes(about)}

    def exact(self, rows: Array) -> Array:
        """The margins `(n, 3)`."""
        rows = self.contract.check_rows(rows)
        found = np.empty((len(rows), len(CLASSES)))
        for place, (weights, shift) in enumerate(zip(self.weights, self.shifts, strict=True)):
            margin = np.full(len(rows), shift)
            for weight, column in zip(weights, rows.T, strict=True):
                margin = margin + weight * column
            found[:, place] = margin
        return found

    def predict(self, rows: Array) -> Array:
        """As `Model.predict`: `(n, 2 x members)` -> `(n, 3)`."""
        margins = self.exact(rows)
        missing = np.isnan(margins.sum(axis=1))
        known = np.ascontiguousarray(np.where(missing[:, None], 0.0, margins).T)
        return np.where(missing[:, None], np.nan, in_whole_vectors(self.calibrator.probabilities, known).T)

    @classmethod
    def from_files(cls, kind: str, files: dict[str, bytes]) -> Self:
        """The model of `files`; anything else is `BadModelFiles`."""
        if set(files) != {_ABOUT}:
            raise BadModelFiles(f"a {kind} model has the file {_ABOUT} alone, not {', '.join(sorted(files)) or 'none'}")
        about = from_bytes(files[_ABOUT], _ABOUT)
        if about.get("format") != _FORMAT or about.get("kind") != kind:
            raise BadModelFiles(f"{_ABOUT} is no {kind} of format {_FORMAT}")
        contract = ModelContract.from_document(about.get("contract"))
        try:
            members_of(contract.inputs)
        except WrongInputs as wrong:
            raise BadModelFiles(f"{_ABOUT}: {wrong}") from wrong
        if contract.outputs != OUTPUTS:
            raise BadModelFiles(f"{_ABOUT}: the outputs are {', '.join(OUTPUTS)}")
        rows = about.get("weights")
        if not isinstance(rows, list) or len(rows) != len(CLASSES):
            raise BadModelFiles(f"{_ABOUT}: there are weights for each of {len(CLASSES)} classes")
        weights = tuple(tuple(numbers(row, len(contract.inputs), "weights")) for row in rows)
        shifts = tuple(numbers(about.get("shifts"), len(CLASSES), "shifts"))
        if max(abs(value) for value in (*shifts, *(value for row in weights for value in row))) > _LARGEST:
            raise BadModelFiles(f"{_ABOUT}: a coefficient lies beyond {_LARGEST:g}")
        return cls(contract, weights, shifts, calibrator_from(about.get("calibration"), len(CLASSES)))
