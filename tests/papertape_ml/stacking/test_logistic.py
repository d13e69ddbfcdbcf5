"""The regression against what is known of its answer."""

import numpy as np
import pytest
from numpy.typing import NDArray

from papertape_ml.judging.scores import log_losses
from papertape_ml.models.softmax import softmax
from papertape_ml.stacking.logistic import fit_logistic

Array = NDArray[np.float64]


def data(count: int = 400, seed: int = 1) -> tuple[Array, NDArray[np.int64], Array]:
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(count, 3))
    margins = rows @ np.array([[1.0, -1.0, 0.0], [0.0, 2.0, 0.0], [0.5, 0.0, -1.0]]).T + (0.3, 0.0, -0.3)
    gumbel = -np.log(-np.log(chance.random((count, 3))))
    return rows, (margins + gumbel).argmax(axis=1), chance.uniform(0.5, 1.5, count)


def penalised(weights: Array, shifts: Array, ridge: float) -> float:
    rows, classes, given = data()
    chances = np.ascontiguousarray(softmax(weights @ rows.T + shifts[:, None]).T)
    return float((given * log_losses(chances, classes)).sum() + ridge / 2 * (weights**2).sum())


@pytest.mark.parametrize("ridge", [0.01, 1.0, 100.0])
def test_nothing_near_the_answer_is_better(ridge: float) -> None:
    weights, shifts = fit_logistic(*data(), 3, ridge)
    best = penalised(weights, shifts, ridge)
    chance = np.random.default_rng(2)
    for _ in range(200):
        moved = weights + chance.normal(0, 1e-3, weights.shape), shifts + chance.normal(0, 1e-3, shifts.shape)
        assert penalised(*moved, ridge) >= best - 1e-9


def test_a_heavy_ridge_leaves_the_prior_alone() -> None:
    rows, classes, given = data()
    weights, shifts = fit_logistic(rows, classes, given, 3, 1e9)
    shares = np.bincount(classes, given, minlength=3) / given.sum()
    assert np.abs(weights).max() < 1e-6
    assert softmax(shifts[:, None])[:, 0] == pytest.approx(shares, abs=1e-6)


def test_shifts_add_up_to_nothing_and_so_do_the_coefficients_of_an_input() -> None:
    weights, shifts = fit_logistic(*data(), 3, 1.0)
    assert shifts.sum() == pytest.approx(0.0, abs=1e-9)
    assert weights.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-6)


def test_classes_that_an_input_tells_apart_have_a_finite_answer() -> None:
    rows = np.linspace(-1.0, 1.0, 60)[:, None]
    classes = (rows[:, 0] > 0).astype(np.int64)
    weights, shifts = fit_logistic(rows, classes, np.ones(60), 3, 1.0)  # the third never occurs
    assert np.isfinite(weights).all() and np.isfinite(shifts).all()
    chances = softmax(weights @ rows.T + shifts[:, None])
    assert (chances.argmax(axis=0) == classes).all() and chances[2].max() < 0.05


def test_weights_count_as_so_many_rows() -> None:
    rows, classes, _ = data(100)
    twice = np.concatenate((rows, rows[:50])), np.concatenate((classes, classes[:50]))
    one = fit_logistic(*twice, np.ones(150), 3, 1.0)
    other = fit_logistic(rows, classes, np.append(np.full(50, 2.0), np.ones(50)), 3, 1.0)
    assert one[0] == pytest.approx(other[0], abs=1e-7) and one[1] == pytest.approx(other[1], abs=1e-7)
