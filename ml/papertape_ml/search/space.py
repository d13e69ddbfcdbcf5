"""The settings that a search tries."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from papertape_ml.models.settings import BoosterSettings


class Suggests(Protocol):
    """What asks for the value of a setting: a trial of Optuna."""

    def suggest_int(self, name: str, low: int, high: int) -> int: ...
    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...


RANGES: Final[Mapping[str, tuple[float, float, bool]]] = {
    "rate": (0.01, 0.2, True),
    "row_share": (0.4, 1.0, False),
    "column_share": (0.3, 1.0, False),
    "least_leaf_weight": (0.5, 200.0, True),
    "l1": (1e-3, 10.0, True),
    "l2": (0.1, 100.0, True),
    "least_gain": (1e-3, 5.0, True),
}
"""Least, most, and whether it is the logarithm that is drawn."""
DEPTHS: Final = (2, 7)
PATIENCE: Final = 50
ROUNDS: Final = 1_500


def suggested(trial: Suggests, base: BoosterSettings) -> BoosterSettings:
    """Settings to try, stopped early whatever `base` says; library, device, threads and seed are those of `base`."""
    depth = trial.suggest_int("depth", *DEPTHS)
    drawn = {name: trial.suggest_float(name, low, high, log=log) for name, (low, high, log) in RANGES.items()}
    return with_params(base, {"depth": depth, **drawn})


def with_params(base: BoosterSettings, params: Mapping[str, Any]) -> BoosterSettings:
    """The settings of a trial's parameters."""
    return replace(base, **params, rounds=ROUNDS, patience=PATIENCE)
