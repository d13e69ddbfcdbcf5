"""The price predictor: what the price does until each of several horizons, from a window of candles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from papertape_ml.errors import BadModelFiles, WrongInputs
from papertape_ml.models.blocks import in_whole_vectors
from papertape_ml.models.calibration import Calibrator, calibrator_from
from papertape_ml.models.contract import Array, ModelContract
from papertape_ml.models.documents import from_bytes, numbers, to_bytes
from papertape_ml.networks.asking import asked
from papertape_ml.networks.building import network_from
from papertape_ml.networks.library import torch
from papertape_ml.networks.part import MOVES
from papertape_ml.networks.scaling import Scaler
from papertape_ml.networks.shape import CLASSES, QUANTILES, Shape
from papertape_ml.networks.windows import flattened

KIND = "predictor"
BLOCKS = {"lstm": 7, "tft": 8}
"""Rows of one call of the network: the most that one symbol alone does not wait too long for."""

_ABOUT, _WEIGHTS = "model.json", "weights.safetensors"
_FORMAT = 1
_LARGEST_BLOCK = 256


def predictor_contract(features: Sequence[str], window: int, horizons: Sequence[str], quantiles: bool) -> ModelContract:
    """The contract: for each horizon three probabilities, then where there are quantiles, those of the log return.

    >>> predictor_contract(("rsi_14",), 1, ("6c",), False).outputs
    ('up_6c', 'neutral_6c', 'down_6c')
    """
    names = [*MOVES.names, *(f"q{round(100 * share)}" for share in QUANTILES)] if quantiles else MOVES.names
    outputs = tuple(f"{name}_{horizon}" for horizon in horizons for name in names)
    try:
        return ModelContract(flattened(features, window), outputs)
    except WrongInputs as wrong:
        raise BadModelFiles(f"the features or horizons of a predictor: {wrong}") from wrong


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """A network over windows, its answers calibrated horizon by horizon.

    `horizons`: their names; `scaler`: of the inputs; `units`: (horizons,) what a log return was divided by in training;
    `calibrators`: one for each horizon; `block`: rows of one call of the network. A row with any NaN gets NaN.
    """

    contract: ModelContract
    features: tuple[str, ...]
    horizons: tuple[str, ...]
    shape: Shape
    scaler: Scaler
    units: tuple[float, ...]
    calibrators: tuple[Calibrator, ...]
    block: int
    weights: bytes
    net: torch.nn.Module
    kind: str = KIND
    tolerance: float = 1e-5

    @property
    def window(self) -> int:
        """Candles of one prediction."""
        return self.shape.window

    def files(self) -> dict[str, bytes]:
        """The weights as safetensors, and `model.json`."""
        about: dict[str, Any] = {
            "format": _FORMAT,
            "kind": self.kind,
            "features": list(self.features),
            "horizons": list(self.horizons),
            "contract": self.contract.as_document(),
            "shape": self.shape.as_document(),
            "scaler": self.scaler.as_document(),
            "units": list(self.units),
            "calibration": [each.as_document() for each in self.calibrators],
            "block": self.block,
        }
        return {_ABOUT: to_bytes(about), _WEIGHTS: self.weights}

    def exact(self, rows: Array) -> Array:
        """Nothing: a network's inner values are the same bits on one kind of machine alone."""
        return np.empty((len(rows), 0))

    def answers(self, rows: Array) -> Array:
        """``(n, inputs)`` without NaN -> what the network says ``(n, horizons, answers)``, before calibration."""
        rows = self.contract.check_rows(rows)
        windows = self.scaler.scaled(rows.reshape(len(rows), self.shape.window, self.shape.features))
        found = asked(self.net, windows, self.block)
        return found.reshape(len(rows), self.shape.horizons, self.shape.answers)

    def predict(self, rows: Array) -> Array:
        """As `Model.predict`."""
        rows = self.contract.check_rows(rows)
        known = ~np.isnan(rows).any(axis=1)
        told = np.full((len(rows), len(self.contract.outputs)), np.nan)
        if known.any():
            told[known] = self.calibrated(self.answers(rows[known]))
        return told

    def calibrated(self, answers: Array) -> Array:
        """The network's answers ``(n, horizons, answers)`` as outputs ``(n, outputs)``."""
        if not np.isfinite(answers).all():
            raise BadModelFiles(f"the network of this {self.kind} answers with what is not a finite number")
        columns = np.ascontiguousarray(answers.reshape(len(answers), -1).T)
        return in_whole_vectors(self._outputs, columns).T.copy()

    def _outputs(self, columns: Array) -> Array:
        found, size = [], self.shape.answers
        for number, (calibrator, unit) in enumerate(zip(self.calibrators, self.units, strict=True)):
            mine = columns[number * size : (number + 1) * size]
            found += [calibrator.probabilities(mine[:CLASSES]), mine[CLASSES:] * unit]
        return np.vstack(found)

    @classmethod
    def from_files(cls, kind: str, files: dict[str, bytes]) -> Self:
        """The model of `files`; anything else is `BadModelFiles`."""
        if set(files) != {_ABOUT, _WEIGHTS}:
            raise BadModelFiles(f"a {kind} has {_ABOUT} and {_WEIGHTS}, not {', '.join(sorted(files)) or 'nothing'}")
        about = from_bytes(files[_ABOUT], _ABOUT)
        if about.get("format") != _FORMAT or about.get("kind") != kind:
            raise BadModelFiles(f"{_ABOUT} is no {kind} of format {_FORMAT}")
        shape = Shape.from_document(about.get("shape"))
        features, horizons = _names(about, "features", shape.features), _names(about, "horizons", shape.horizons)
        contract = ModelContract.from_document(about.get("contract"))
        if contract != predictor_contract(features, shape.window, horizons, shape.quantiles):
            raise BadModelFiles(f"{_ABOUT}: the inputs and outputs do not fit the features and horizons")
        units = numbers(about.get("units"), shape.horizons, "units")
        calibration, block = about.get("calibration"), about.get("block")
        if min(units) <= 0:
            raise BadModelFiles(f"{_ABOUT}: a unit is not above 0")
        if not isinstance(calibration, list) or len(calibration) != shape.horizons:
            raise BadModelFiles(f"{_ABOUT}: a calibration for each of {shape.horizons} horizons is expected")
        if type(block) is not int or not 1 <= block <= _LARGEST_BLOCK:
            raise BadModelFiles(f"{_ABOUT}: a block is a whole number from 1 to {_LARGEST_BLOCK}")
        return cls(
            contract=contract,
            features=features,
            horizons=horizons,
            shape=shape,
            scaler=Scaler.from_document(about.get("scaler"), shape.features),
            units=tuple(units),
            calibrators=tuple(calibrator_from(each, CLASSES) for each in calibration),
            block=block,
            weights=files[_WEIGHTS],
            net=network_from(shape, files[_WEIGHTS], _WEIGHTS),
        )


def _names(about: dict[str, Any], what: str, count: int) -> tuple[str, ...]:
    names = about.get(what)
    if not isinstance(names, list) or len(names) != count or not all(isinstance(name, str) for name in names):
        raise BadModelFiles(f"{_ABOUT}: {count} names of {what} are expected")
    return tuple(names)
