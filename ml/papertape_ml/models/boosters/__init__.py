"""Libraries of boosted trees behind one small interface; each is imported only when it is used.

XGBoost and LightGBM fit, and their bytes are read and walked by `papertape_ml.models.forests`; CatBoost does both.
"""

import importlib
from typing import Protocol

from papertape_ml.errors import BadSettings
from papertape_ml.models.contract import Array
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import BoosterSettings, Progress


class Trees(Protocol):
    """Fitted trees, ready to be asked on one thread of the CPU."""

    def margins(self, rows: Array) -> Array:
        """``(n, inputs)`` -> log-odds ``(n, classes)``; with two classes the first column is 0."""


class Backend(Protocol):
    """A library: how it fits, and how its bytes are parsed. Neither ever executes what the bytes say."""

    FILE: str
    """The name of the file that keeps the trees."""

    def fit(
        self, part: Sample, stop: Sample | None, classes: int, settings: BoosterSettings, progress: Progress | None
    ) -> tuple[bytes, int]:
        """The trees as bytes, and how many rounds they are. The same sample and settings give the same bytes."""

    def load(self, data: bytes, inputs: int, classes: int) -> Trees:
        """Parse bytes of `fit`; `BadModelFiles` if they are no such trees."""


LIBRARIES = ("xgboost", "lightgbm", "catboost")


def backend(name: str) -> Backend:
    """The library of that name; `MissingExtra` comes from its first use where it is not installed."""
    if name not in LIBRARIES:
        raise BadSettings(f"no booster {name!r}; there are {', '.join(LIBRARIES)}")
    module: Backend = importlib.import_module(f"papertape_ml.models.boosters.of_{name}").BACKEND
    return module
