"""What each feature is worth to a predictor: how much worse it gets when rows exchange their windows of it.

Source: Breiman (2001), Random Forests, section 10. The whole window of a feature moves together, so that it stays a
possible history; the loss is the mean over horizons. Shares of what all features are worth; a feature that is worth
nothing, or less, has 0.
"""

import numpy as np

from papertape_ml.judging.scores import log_loss
from papertape_ml.models.predictor import Predictor
from papertape_ml.networks.part import Part
from papertape_ml.networks.shape import CLASSES
from papertape_ml.networks.windows import gathered

ROWS = 400


def importances(model: Predictor, part: Part, seed: int) -> dict[str, float]:
    """The share of each feature, by name, on at most 400 rows spread over ``part``."""
    some = part.take(np.unique(np.linspace(0, len(part) - 1, min(ROWS, len(part))).astype(np.int64)))
    rows = gathered(some.series, some.last, model.window)
    rng = np.random.default_rng(seed)
    base = _loss(model, rows, some)
    worse = {}
    for at, name in enumerate(model.features):
        moved = rows.copy()
        mine = slice(at, None, len(model.features))
        moved[:, mine] = rows[rng.permutation(len(rows)), mine]
        worse[name] = max(0.0, _loss(model, moved, some) - base)
    total = sum(worse.values())
    return {name: value / total if total else 0.0 for name, value in worse.items()}


def _loss(model: Predictor, rows: np.ndarray[tuple[int, int], np.dtype[np.float64]], part: Part) -> float:
    told = model.predict(rows).reshape(len(rows), len(model.horizons), -1)
    return float(
        np.mean(
            [
                log_loss(np.ascontiguousarray(told[:, number, :CLASSES]), part.classes[:, number])
                for number in range(len(model.horizons))
            ]
        )
    )
