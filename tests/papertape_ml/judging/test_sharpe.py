import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape_ml.judging.sharpe import (
    Returns,
    deflated_sharpe,
    described,
    expected_best_sharpe,
    probabilistic_sharpe,
)

# The numerical example of Bailey and Lopez de Prado (2014): five years of daily returns, annualised ratio 2.5,
# variance of the trials' annualised ratios 0.5, skew -3, kurtosis 10.
FOUND = Returns(1250, 2.5 / math.sqrt(250), -3.0, 10.0)
VARIANCE = 0.5 / 250


def test_the_published_example_of_the_deflated_ratio() -> None:
    assert expected_best_sharpe(100, VARIANCE) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(FOUND, 100, VARIANCE) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(FOUND, 46, VARIANCE) == pytest.approx(0.9505, abs=5e-5)


def test_the_published_example_with_normal_returns() -> None:
    normal = Returns(1250, 2.5 / math.sqrt(250), 0.0, 3.0)
    assert deflated_sharpe(normal, 88, VARIANCE) == pytest.approx(0.9505, abs=5e-5)


def test_a_single_trial_is_not_deflated() -> None:
    assert deflated_sharpe(FOUND, 1, VARIANCE) == probabilistic_sharpe(FOUND)


def test_the_best_of_many_worthless_trials_is_as_good_as_expected() -> None:
    best = np.random.default_rng(1).normal(0, 0.1, (4_000, 50)).max(axis=1).mean()
    assert expected_best_sharpe(50, 0.01) == pytest.approx(best, rel=0.02)


def test_moments_by_hand() -> None:
    """0, 0, 0, 4: mean 1, deviations -1, -1, -1, 3; variance 3, third moment 6, fourth 21."""
    found = described(np.array([0.0, 0.0, 0.0, 4.0]))
    assert found.sharpe == pytest.approx(1 / math.sqrt(3))
    assert found.skew == pytest.approx(6 / 3**1.5)
    assert found.kurtosis == pytest.approx(21 / 9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e300, -1e-300])
def test_a_series_that_never_moves_has_no_ratio(value: float) -> None:
    assert described(np.full(7, value)) == Returns(7, 0.0, 0.0, 3.0)


@given(
    st.lists(st.floats(-1, 1).map(lambda value: round(value, 6)), min_size=2, max_size=60),
    st.floats(1e-6, 1e6),
    st.integers(1, 10_000),
)
def test_units_do_not_matter_and_more_trials_deflate_more(values: list[float], unit: float, trials: int) -> None:
    found = described(np.array(values))
    scaled = described(np.array(values) * unit)
    assert scaled.sharpe == pytest.approx(found.sharpe, rel=1e-6, abs=1e-9)
    fewer, more = (deflated_sharpe(found, count, 0.01) for count in (trials, trials + 1))
    assert 0 <= more <= fewer <= 1


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="two finite returns"):
        described(np.array([1.0]))
    with pytest.raises(ValueError, match="two finite returns"):
        described(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="0 trials"):
        expected_best_sharpe(0, 1.0)
