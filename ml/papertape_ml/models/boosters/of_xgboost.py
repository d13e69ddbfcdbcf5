"""XGBoost by its core interface, kept as UBJSON. The library fits; its bytes are read and walked without it."""

from typing import Any

from papertape_ml.models.boosters.growing import Lesson, grown
from papertape_ml.models.boosters.reading import CHECKED, check_reading, two_columns
from papertape_ml.models.forests.forest import Forest
from papertape_ml.models.forests.read_xgboost import read
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import BoosterSettings, Progress


class XGBoost:
    """The backend `xgboost`."""

    FILE = "booster.ubj"

    def fit(
        self, part: Sample, stop: Sample | None, classes: int, settings: BoosterSettings, progress: Progress | None
    ) -> tuple[bytes, int]:
        """As `Backend.fit`."""
        watched = None if stop is None else _lesson(stop)
        found = grown(_about(classes), _lesson(part), watched, settings, progress)
        read_again = self.load(found.data, part.rows.shape[1], classes)
        check_reading("XGBoost", read_again, part.rows[:CHECKED], two_columns(found.margins))
        return found.data, found.rounds

    def load(self, data: bytes, inputs: int, classes: int) -> Forest:
        """As `Backend.load`, by our own reader: over some bytes the library ends the process."""
        return read(data, self.FILE, _about(classes)["objective"], inputs, classes if classes > 2 else 1, classes)


BACKEND = XGBoost()


def _about(classes: int) -> dict[str, Any]:
    if classes > 2:
        return {"objective": "multi:softprob", "num_class": classes, "eval_metric": "mlogloss"}
    return {"objective": "binary:logistic", "eval_metric": "logloss"}


def _lesson(part: Sample) -> Lesson:
    return Lesson(part.rows, part.classes, part.weights)
