"""Figures of growth against what can be computed by hand."""

import numpy as np
import pytest

from papertape_ml.sizing.growth import WORST, best_constant, deepest, log_growth


@pytest.mark.parametrize(("wins", "losses", "part"), [(60, 40, 0.9), (55, 45, 0.5), (9, 1, 0.8)])
def test_the_best_constant_is_kellys_fraction(wins: int, losses: int, part: float) -> None:
    returns = np.array([part] * wins + [-part] * losses)
    kelly = min((wins - losses) / (wins + losses) / part, 1.0)
    assert best_constant(returns) == pytest.approx(kelly, abs=1e-9)


def test_the_best_constant_is_0_without_an_edge_and_1_where_nothing_is_lost() -> None:
    assert best_constant(np.array([0.1, -0.2])) == pytest.approx(0.0, abs=1e-9)
    assert best_constant(np.array([0.1, 0.2])) == pytest.approx(1.0, abs=1e-9)


def test_weights_count_as_so_many_trades() -> None:
    returns = np.array([0.5, -0.5])
    assert best_constant(returns, np.array([3.0, 2.0])) == pytest.approx(0.4, abs=1e-9)


def test_ruin_is_a_very_bad_trade_and_not_the_end_of_arithmetic() -> None:
    assert log_growth(np.array([1.0]), np.array([-2.0])).tolist() == [np.log1p(WORST)]


def test_the_deepest_fall_counts_from_the_start_too() -> None:
    assert deepest(np.log([0.5, 1.5])) == pytest.approx(0.5)
    assert deepest(np.log([1.5, 1.5])) == 0.0
