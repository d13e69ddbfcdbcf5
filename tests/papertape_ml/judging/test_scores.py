import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape_ml.judging.scores import (
    accuracy,
    brier,
    calibration_error,
    entropy,
    excess_accuracy_share,
    log_loss,
    skill_share,
)


def test_scores_of_three_rows_by_hand() -> None:
    told = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.3, 0.5]])
    happened = np.array([0, 2, 2])
    assert log_loss(told, happened) == pytest.approx(-(math.log(0.7) + math.log(0.3) + math.log(0.5)) / 3)
    # 0.09 + 0.04 + 0.01; 0.01 + 0.36 + 0.49; 0.04 + 0.09 + 0.25
    assert brier(told, happened) == pytest.approx((0.14 + 0.86 + 0.38) / 3)
    assert accuracy(told, happened) == pytest.approx(2 / 3)


def test_calibration_error_by_hand() -> None:
    # Two bins: (0, 0.5] promises 0.5 and 0.5, hits 1 of 2; (0.5, 1] promises 0.9 and 0.7, hits 1 of 2.
    told = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.9, 0.1, 0.0], [0.7, 0.2, 0.1]])
    happened = np.array([0, 1, 0, 1])
    assert calibration_error(told, happened, bins=2) == pytest.approx(0.5 * 0.0 + 0.5 * abs(0.5 - 0.8))


def test_the_prior_has_no_skill_and_the_truth_has_all() -> None:
    """The planted chances are known, so H(outcome | inputs) is their mean entropy."""
    rng = np.random.default_rng(5)
    up = rng.choice([0.4, 0.6], 20_000)
    truth = np.column_stack((1 - up, up))
    happened = (rng.random(len(up)) < up).astype(np.int64)
    least = float(np.mean([entropy(row) for row in truth[:100]]))
    prior = entropy(np.array([0.5, 0.5]))
    assert skill_share(log_loss(truth, happened), prior, least) == pytest.approx(1.0, abs=0.4)
    assert skill_share(prior, prior, least) == 0.0
    assert skill_share(log_loss(np.full_like(truth, 0.5), happened), prior, least) == pytest.approx(0.0, abs=1e-9)
    assert excess_accuracy_share(accuracy(truth, happened), 0.5, 0.6) == pytest.approx(1.0, abs=0.1)
    assert math.isnan(skill_share(prior, prior, prior))


@given(st.integers(2, 5), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_scores_stay_within_their_bounds(classes: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    told = rng.dirichlet(np.ones(classes), rows)
    happened = rng.integers(0, classes, rows)
    assert log_loss(told, happened) >= 0
    assert 0 <= brier(told, happened) <= 2
    assert 0 <= calibration_error(told, happened) <= 1
    sure = np.eye(classes)[happened]
    assert log_loss(sure, happened) == brier(sure, happened) == calibration_error(sure, happened) == 0


def test_an_impossible_row_costs_much_but_not_everything() -> None:
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-math.log(1e-15))


def test_rows_that_abstain_are_refused() -> None:
    with pytest.raises(ValueError, match="abstain"):
        log_loss(np.array([[np.nan, 0.5]]), np.array([0]))
    with pytest.raises(ValueError, match="scores need"):
        brier(np.ones((2, 2)), np.array([0]))
