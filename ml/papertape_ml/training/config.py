"""How a classifier is trained: one value, said once."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from papertape_ml.errors import BadSettings
from papertape_ml.models.gated import ACTION_CAP
from papertape_ml.models.isotonic import LEAST_ROWS
from papertape_ml.models.settings import DEFAULT, BoosterSettings
from papertape_ml.training.tasks import KINDS

CALIBRATIONS: Final = ("vector", "isotonic", "auto")
FOLDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """`kind`: of `tasks.KINDS`. `calibration`: `auto` is isotonic from 5,000 rows on, else vector scaling. `cap`: the
    largest share of rows that a gate (or another model of two classes) acts on, None for all that are likelier so.
    `folds`: tests. `top`: how many features are kept by their SHAP importance, None for all. `seed`: of all chance.
    """

    kind: str
    settings: BoosterSettings = DEFAULT
    calibration: str = "vector"
    cap: float | None = None
    folds: int = FOLDS
    top: int | None = None
    seed: int = 7

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadSettings(f"no kind of classifier {self.kind!r}; there are {', '.join(KINDS)}")
        if self.calibration not in CALIBRATIONS:
            raise BadSettings(f"no calibration {self.calibration!r}; there are {', '.join(CALIBRATIONS)}")
        if self.cap is not None and not 0 < self.cap <= 1:
            raise BadSettings(f"the cap on the rate of action lies above 0 and at most at 1, not at {self.cap!r}")
        if self.cap is not None and self.kind == "classifier":
            raise BadSettings("a classifier of three classes has no cap on its rate of action; train gated, or a gate")
        if self.cap is None and self.kind in ("gate", "gated"):
            object.__setattr__(self, "cap", ACTION_CAP)
        if self.top is not None and self.top < 1:
            raise BadSettings(f"top is how many features are kept, from 1, not {self.top}")
        object.__setattr__(self, "settings", replace(self.settings, seed=self.seed))

    def calibration_of(self, rows: int) -> str:
        """The method for a calibration part of so many rows."""
        if self.calibration == "auto":
            return "isotonic" if rows >= LEAST_ROWS else "vector"
        return self.calibration

    def document(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)
