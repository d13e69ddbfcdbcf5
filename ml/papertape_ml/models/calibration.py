"""From margins to probabilities that mean what they say, fitted on rows that the trees have not seen."""

from typing import Any, Protocol

import numpy as np

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.models.contract import Array
from papertape_ml.models.documents import numbers
from papertape_ml.models.isotonic import LEAST_ROWS, IsotonicScaling, fit_isotonic
from papertape_ml.models.samples import Sample
from papertape_ml.models.softmax import softmax
from papertape_ml.models.vector_scaling import VectorScaling, fit_vector

METHODS = ("vector", "isotonic", "none")


class Calibrator(Protocol):
    """A fitted map; every operation is elementwise, so that no row knows of another."""

    def probabilities(self, margins: Array) -> Array:
        """Margins ``(classes, n)`` -> probabilities ``(classes, n)`` that add to 1."""

    def as_document(self) -> dict[str, Any]:
        """For the model's own file; floats exact."""


class Uncalibrated:
    """The margins' own softmax."""

    def probabilities(self, margins: Array) -> Array:
        """As `Calibrator.probabilities`."""
        return softmax(margins)

    def as_document(self) -> dict[str, Any]:
        """As `Calibrator.as_document`."""
        return {"method": "none"}


def fit_calibrator(method: str, margins: Array, part: Sample) -> Calibrator:
    """Fit ``method`` to margins ``(classes, n)`` of the calibration part."""
    if method not in METHODS:
        raise BadSettings(f"no calibration {method!r}; there are {', '.join(METHODS)}")
    if method == "none":
        return Uncalibrated()
    if method == "vector":
        return fit_vector(margins, part.classes, part.weights)
    if len(part) < LEAST_ROWS:
        raise BadSettings(f"isotonic calibration needs {LEAST_ROWS} rows, there are {len(part)}: take vector scaling")
    return fit_isotonic(softmax(margins), part.classes, part.weights)


def calibrator_from(document: Any, classes: int) -> Calibrator:
    """The calibrator of `Calibrator.as_document`; anything else is `BadModelFiles`."""
    method = document.get("method") if isinstance(document, dict) else None
    if method == "none":
        return Uncalibrated()
    if method == "vector":
        return VectorScaling(
            tuple(numbers(document.get("scale"), classes, "scale")),
            tuple(numbers(document.get("shift"), classes, "shift")),
        )
    if method == "isotonic":
        curves = document.get("curves")
        if not isinstance(curves, list) or len(curves) != classes:
            raise BadModelFiles(f"an isotonic calibration has a curve for each of {classes} classes")
        floor = numbers([document.get("floor")], 1, "floor")[0]
        if not 0 < floor <= 1 / classes:
            raise BadModelFiles(f"the floor of an isotonic calibration lies above 0 and at most at 1/{classes}")
        return IsotonicScaling(tuple(_curve(curve) for curve in curves), floor)
    raise BadModelFiles(f"no calibration {method!r}")


def _curve(curve: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if not isinstance(curve, dict) or not isinstance(curve.get("x"), list) or not curve["x"]:
        raise BadModelFiles("a curve of the calibration has x and y")
    x = numbers(curve["x"], len(curve["x"]), "x")
    y = numbers(curve.get("y"), len(x), "y")
    if (np.diff(x) <= 0).any() or (np.diff(y) < 0).any():
        raise BadModelFiles("a curve of the calibration must rise")
    return tuple(x), tuple(y)
