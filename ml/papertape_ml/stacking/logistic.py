"""Multinomial logistic regression with a ridge, by Newton's method.

Sources: Böhning (1992), Multinomial Logistic Regression Algorithm, for the derivatives; Hoerl, Kennard (1970) for the
ridge, which also makes the answer unique: every class has coefficients of its own, and all are pulled to 0 but for the
shifts, of which only the mean is held at 0.
"""

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Floats
from papertape_ml.models.softmax import softmax

_STEPS = 100


def fit_logistic(
    rows: Floats, classes: NDArray[np.int64], weights: Floats, many: int, ridge: float
) -> tuple[Floats, Floats]:
    """Coefficients `(many, inputs)` and shifts `(many,)` of least weighted log loss + ridge / 2 x their squares.

    `rows` (n, inputs), `classes` (n,) from 0 below `many`, `weights` (n,) above 0; `ridge` above 0.
    """
    inputs = np.column_stack((rows, np.ones(len(rows))))
    target = (np.arange(many)[:, None] == classes[None, :]).astype(np.float64)
    pull = np.tile(np.append(np.full(rows.shape[1], ridge), 0.0), many)
    at = np.zeros((many, inputs.shape[1]))
    value = _loss(at, inputs, target, weights, pull)
    for _ in range(_STEPS):
        chances = softmax(at @ inputs.T)
        gradient = ((weights * (chances - target)) @ inputs).reshape(-1) + pull * at.reshape(-1)
        bend = _curvature(chances, inputs, weights) + np.diag(pull)
        shifts = np.zeros(at.shape)
        shifts[:, -1] = 1.0  # all shifts together change nothing: that direction gets a bend of its own
        bend += np.outer(shifts, shifts)
        step = np.linalg.solve(bend, gradient)
        descent = float(gradient @ step)
        if descent <= 1e-12 * (1.0 + abs(value)):
            break
        size = 1.0
        while size > 1e-9:
            moved = at - size * step.reshape(at.shape)
            reached = _loss(moved, inputs, target, weights, pull)
            if reached <= value - 1e-4 * size * descent:
                break
            size /= 2
        else:
            break  # rounding hides any further gain
        at, value = moved, reached
    return at[:, :-1], at[:, -1] - at[:, -1].mean()


def _loss(at: Floats, inputs: Floats, target: Floats, weights: Floats, pull: Floats) -> float:
    margins = at @ inputs.T
    top = margins.max(axis=0)
    logs = margins - top - np.log(np.exp(margins - top).sum(axis=0))
    return float(-(weights * (target * logs).sum(axis=0)).sum() + (pull * at.reshape(-1) ** 2).sum() / 2)


def _curvature(chances: Floats, inputs: Floats, weights: Floats) -> Floats:
    """The second derivatives, class by class, `(many x inputs, many x inputs)`."""
    many, width = len(chances), inputs.shape[1]
    bend = np.empty((many * width, many * width))
    for a in range(many):
        for b in range(a, many):
            share = weights * (chances[a] * (1.0 - chances[a]) if a == b else -chances[a] * chances[b])
            block = (inputs * share[:, None]).T @ inputs
            bend[a * width : (a + 1) * width, b * width : (b + 1) * width] = block
            bend[b * width : (b + 1) * width, a * width : (a + 1) * width] = block
    return bend
