"""Vector scaling: each class's margin gets a scale (an inverse temperature) and a shift of its own.

Source: Guo, Pleiss, Sun, Weinberger (2017), On Calibration of Modern Neural Networks, section 4.2. Two differences: the
scales are held at 0 or above (a calibrator must not turn a model round), and a pull of one row's strength towards
scale 1 and shift 0 gives one finite answer where classes are separable or one of them never occurs.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from papertape_ml.models.contract import Array
from papertape_ml.models.softmax import softmax

_PULL = 1.0
_STEPS = 100


@dataclass(frozen=True, slots=True)
class VectorScaling:
    """Probabilities are the softmax of ``scale x margin + shift``."""

    scale: tuple[float, ...]
    shift: tuple[float, ...]

    def probabilities(self, margins: Array) -> Array:
        """As `Calibrator.probabilities`."""
        return softmax(np.array(self.scale)[:, None] * margins + np.array(self.shift)[:, None])

    def as_document(self) -> dict[str, Any]:
        """As `Calibrator.as_document`."""
        return {"method": "vector", "scale": list(self.scale), "shift": list(self.shift)}


def fit_vector(margins: Array, classes: NDArray[np.int64], weights: Array) -> VectorScaling:
    """The scales and shifts of least weighted log loss on margins ``(classes, n)``: convex, so Newton's steps find it.

    A scale that would fall below 0 is held at 0 while the others are fitted again.
    """
    count = len(margins)
    target = (np.arange(count)[:, None] == classes[None, :]).astype(np.float64)
    inputs = np.concatenate((margins, np.ones_like(margins)))  # (2 classes, n): what each parameter is multiplied with
    held = np.zeros(2 * count, dtype=np.bool_)
    start = np.concatenate((np.ones(count), np.zeros(count)))
    while True:
        found = _newton(np.where(held, 0.0, start), ~held, inputs, target, weights)
        below = (found[:count] < 0) & ~held[:count]
        if not below.any():
            return VectorScaling(tuple(found[:count].tolist()), tuple(found[count:].tolist()))
        held[:count] |= below


def _newton(start: Array, free: NDArray[np.bool_], inputs: Array, target: Array, weights: Array) -> Array:
    """Minimise by Newton's method with halved steps; parameters that are not ``free`` stay."""
    count = len(target)
    rest = np.concatenate((np.ones(count), np.zeros(count)))
    at, value = start, _loss(start, rest, inputs, target, weights)
    for _ in range(_STEPS):
        chances = softmax(at[:count, None] * inputs[:count] + at[count:, None])
        gradient = (np.tile(weights * (chances - target), (2, 1)) * inputs).sum(axis=1) + _PULL * (at - rest)
        bend = _curvature(chances, inputs, weights) + _PULL * np.eye(2 * count)
        step = np.zeros(2 * count)
        step[free] = np.linalg.solve(bend[np.ix_(free, free)], gradient[free])
        descent = float((gradient * step).sum())
        if descent <= 1e-12 * (1.0 + abs(value)):
            break
        size = 1.0
        while size > 1e-9:
            moved = at - size * step
            reached = _loss(moved, rest, inputs, target, weights)
            if reached <= value - 1e-4 * size * descent:
                break
            size /= 2
        else:
            break  # rounding hides any further gain
        at, value = moved, reached
    return at


def _loss(at: Array, rest: Array, inputs: Array, target: Array, weights: Array) -> float:
    count = len(target)
    scaled = at[:count, None] * inputs[:count] + at[count:, None]
    top = scaled.max(axis=0)
    logs = scaled - top - np.log(np.exp(scaled - top).sum(axis=0))
    return float(-(weights * (target * logs).sum(axis=0)).sum() + _PULL / 2 * ((at - rest) ** 2).sum())


def _curvature(chances: Array, inputs: Array, weights: Array) -> Array:
    """The second derivatives ``(2 classes, 2 classes)`` of the weighted log loss."""
    size = len(inputs)
    double = np.tile(chances, (2, 1))
    bend = np.empty((size, size))
    for a in range(size):
        for b in range(a, size):
            same = double[a] if a % len(chances) == b % len(chances) else 0.0
            bend[a, b] = bend[b, a] = (weights * (same - double[a] * double[b]) * inputs[a] * inputs[b]).sum()
    return bend
