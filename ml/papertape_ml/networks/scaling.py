"""Inputs brought to one scale, robustly: what is usual lies between -1 and 1, what is extreme is cut off."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from papertape_ml.errors import BadLabels, BadModelFiles
from papertape_ml.models.contract import Array
from papertape_ml.models.documents import numbers

LIMIT = 5.0
"""In interquartile ranges from the median."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """(value - middle) / spread, held within `LIMIT`: a middle and a spread for each feature, the same at all lags.

    Elementwise in float64 and rounded once, so that a value has the same bits in a table and in a session.
    """

    middles: tuple[float, ...]
    spreads: tuple[float, ...]

    def scaled(self, values: Array) -> NDArray[np.float32]:
        """``(..., features)`` float64 -> float32; NaN stays NaN."""
        apart: Array = (values - np.array(self.middles)) / np.array(self.spreads)
        return apart.clip(-LIMIT, LIMIT).astype(np.float32)

    def as_document(self) -> dict[str, Any]:
        """For the model's own file."""
        return {"middles": list(self.middles), "spreads": list(self.spreads)}

    @classmethod
    def from_document(cls, document: Any, features: int) -> Self:
        """The scaler of `as_document`; anything else is `BadModelFiles`."""
        if not isinstance(document, dict):
            raise BadModelFiles("the scaler of a network has middles and spreads")
        spreads = numbers(document.get("spreads"), features, "spreads")
        if min(spreads) <= 0:
            raise BadModelFiles("a spread of the scaler is not above 0")
        return cls(tuple(numbers(document.get("middles"), features, "middles")), tuple(spreads))


def fit_scaler(values: Array) -> Scaler:
    """Medians and interquartile ranges of rows ``(n, features)`` without NaN; a feature that hardly varies keeps its
    own scale by its standard deviation, or 1 where it is constant.

    >>> fit_scaler(np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]))
    Scaler(middles=(2.0,), spreads=(2.0,))
    """
    if not len(values):
        raise BadLabels("there is no row to scale by")
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    spread = high - low
    spread = np.where(spread > 0, spread, values.std(axis=0))
    spread = np.where(spread > 1e-12 * np.maximum(1.0, np.abs(middle)), spread, 1.0)
    return Scaler(tuple(middle.tolist()), tuple(spread.tolist()))
