"""A gate (act or not) and a direction (up or down), asked one after the other and served as one model.

The gate learns from all rows, the direction from those alone that were worth acting on. The gate opens for the rows
likeliest to be worth it, at most a given share of them.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.models.blocks import in_whole_vectors
from papertape_ml.models.classifier import BoostedClassifier, classifier_contract
from papertape_ml.models.contract import Array, ModelContract
from papertape_ml.models.fitting import Parts, fit_classifier
from papertape_ml.models.samples import DIRECTION, GATE, SIGNAL, Sample
from papertape_ml.models.settings import DEFAULT, BoosterSettings, Progress

ACTION_CAP = 0.15
_BUY, _SELL, _HOLD = (SIGNAL.names.index(name) for name in ("buy", "sell", "hold"))


@dataclass(frozen=True, slots=True, eq=False)
class GatedDirection:
    """Answers like the signal classifier: P(buy) = P(act) P(up), P(sell) = P(act) P(down), P(hold) = 1 - P(act).

    ``predicted_action`` is 0 where the gate is closed, else the likelier direction; ``confidence`` is the
    probability of what was decided last: P(hold) behind a closed gate, else P(up) or P(down) given that one acts.
    """

    gate: BoostedClassifier
    direction: BoostedClassifier
    kind: str = "gated"
    tolerance: float = 1e-6

    @property
    def contract(self) -> ModelContract:
        """As `Model.contract`."""
        return classifier_contract(self.gate.contract.inputs, SIGNAL)

    def files(self) -> dict[str, bytes]:
        """The files of both, with the part's name in front."""
        parts = (("gate", self.gate), ("direction", self.direction))
        return {f"{part}-{name}": data for part, model in parts for name, data in model.files().items()}

    def exact(self, rows: Array) -> Array:
        """The margins of both."""
        return np.hstack((self.gate.exact(rows), self.direction.exact(rows)))

    def predict(self, rows: Array) -> Array:
        """As `Model.predict`."""
        return self.paired(self.gate.predict(rows), self.direction.predict(rows))

    @staticmethod
    def paired(gate: Array, direction: Array) -> Array:
        """The answers of a gate ``(n, 4)`` and of a direction ``(n, 4)`` for the same rows, as one ``(n, 5)``."""
        return in_whole_vectors(_paired, np.hstack((gate, direction)).T.copy()).T.copy()

    @classmethod
    def from_files(cls, kind: str, files: dict[str, bytes]) -> Self:
        """The model of `files`; anything else is `BadModelFiles`."""
        of: dict[str, dict[str, bytes]] = {"gate": {}, "direction": {}}
        for name, data in files.items():
            part, dash, rest = name.partition("-")
            if part not in of or not dash:
                raise BadModelFiles(f"a {kind} model has no file {name!r}")
            of[part][rest] = data
        gate = BoostedClassifier.from_files("gate", of["gate"])
        direction = BoostedClassifier.from_files("direction", of["direction"])
        if gate.contract.inputs != direction.contract.inputs or gate.classes != GATE or direction.classes != DIRECTION:
            raise BadModelFiles("the gate and the direction do not belong together")
        return cls(gate, direction, kind)


@dataclass(frozen=True, slots=True, eq=False)
class FittedPair:
    """The model, and the rounds of its gate and of its direction."""

    model: GatedDirection
    rounds: tuple[int, int]


def gate_part(part: Sample) -> Sample:
    """A sample of `SIGNAL` classes as the gate sees it: act, or hold."""
    return part.with_classes((part.classes != _HOLD).astype(np.int64))


def direction_part(part: Sample) -> Sample:
    """The rows of a `SIGNAL` sample that were worth acting on: up, or down."""
    acting = part.where(part.classes != _HOLD)
    return acting.with_classes((acting.classes == _BUY).astype(np.int64))


def fit_gated(
    inputs: tuple[str, ...],
    parts: Parts,
    settings: tuple[BoosterSettings, BoosterSettings] = (DEFAULT, DEFAULT),
    calibration: str = "vector",
    cap: float = ACTION_CAP,
    progress: Progress | None = None,
) -> FittedPair:
    """Fit both on parts of `SIGNAL` classes; ``settings`` are the gate's and the direction's."""
    if parts.calibrate is None:
        raise BadSettings("a gate needs a calibration part, for the cap on its rate of action")
    acting = Parts(
        direction_part(parts.fit),
        None if parts.stop is None else direction_part(parts.stop),
        direction_part(parts.calibrate),
    )
    opening = Parts(
        gate_part(parts.fit), None if parts.stop is None else gate_part(parts.stop), gate_part(parts.calibrate)
    )
    gate = fit_classifier(
        "gate", classifier_contract(inputs, GATE), GATE, opening, settings[0], calibration, cap, progress
    )
    direction = fit_classifier(
        "direction", classifier_contract(inputs, DIRECTION), DIRECTION, acting, settings[1], calibration, None, progress
    )
    return FittedPair(GatedDirection(gate.model, direction.model), (gate.rounds, direction.rounds))


def _paired(columns: Array) -> Array:
    """(gate: hold, act, action, confidence; direction: down, up, action, confidence) by column -> the five outputs."""
    hold, act, opened, _, down, up, way, _ = columns
    answers = np.empty((5, columns.shape[1]))
    answers[_BUY], answers[_SELL], answers[_HOLD] = act * up, act * down, hold
    acts = opened > 0
    answers[3] = np.where(acts, way, 0.0)
    answers[4] = np.where(acts, np.where(way > 0, up, down), hold)
    return answers
