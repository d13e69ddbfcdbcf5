"""How a booster is fitted. One set of settings means the same for every library behind the interface."""

from collections.abc import Callable
from dataclasses import dataclass

from papertape_ml.errors import BadSettings

Progress = Callable[[int, int, float | None], None]
"""Called after each round: rounds done, rounds at most, log loss on the part that stops (None without one)."""


@dataclass(frozen=True, slots=True)
class BoosterSettings:
    """Gradient-boosted trees. ``patience`` rounds without gain on the stop part end the fit; None never stops.

    The defaults learn slowly with shallow trees and stop early: on data with a weak edge that carries about all the
    information there is, where the preset `SEED` carries less than the prior alone.
    """

    backend: str = "xgboost"
    rounds: int = 3000
    depth: int = 3
    rate: float = 0.03
    row_share: float = 0.8
    column_share: float = 0.8
    least_gain: float = 0.0  # gamma
    l1: float = 0.0  # alpha
    l2: float = 1.0  # lambda
    least_leaf_weight: float = 1.0  # sum of second derivatives; LightGBM means the same, CatBoost has none
    patience: int | None = 100
    seed: int = 0
    threads: int = 2
    device: str = "cpu"

    def __post_init__(self) -> None:
        for what, value in (("rounds", self.rounds), ("depth", self.depth), ("threads", self.threads)):
            if type(value) is not int or value < 1:
                raise BadSettings(f"{what} is a whole number from 1, not {value!r}")
        if self.patience is not None and (type(self.patience) is not int or self.patience < 1):
            raise BadSettings(f"patience is a whole number from 1, or none, not {self.patience!r}")
        if type(self.seed) is not int or not 0 <= self.seed < 2**31:
            raise BadSettings(f"seed is a whole number from 0 below 2^31, not {self.seed!r}")
        for what, share in (("rate", self.rate), ("row_share", self.row_share), ("column_share", self.column_share)):
            if not 0 < share <= 1:
                raise BadSettings(f"{what} lies above 0 and at most at 1, not at {share!r}")
        for what, size in (
            ("least_gain", self.least_gain),
            ("l1", self.l1),
            ("l2", self.l2),
            ("least_leaf_weight", self.least_leaf_weight),
        ):
            if not 0 <= size < float("inf"):
                raise BadSettings(f"{what} is a finite number from 0, not {size!r}")
        if self.device not in ("cpu", "cuda"):
            raise BadSettings(f"device is cpu or cuda, not {self.device!r}")


DEFAULT = BoosterSettings()
SEED = BoosterSettings(rounds=500, depth=6, rate=0.1, least_gain=0.1, l1=0.1, patience=None)
PRESETS = {"default": DEFAULT, "seed": SEED}
