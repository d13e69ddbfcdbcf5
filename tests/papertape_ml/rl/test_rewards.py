"""What a policy is rewarded for, against the formulas written out another way."""

import math
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape_ml.errors import BadSettings
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.formulas import CLOSE, GRID, HOLD, KEEP, continuous, discrete, most
from papertape_ml.rl.rewards import FLOOR, REWARDS, STATES, WINDOW, Reward, log_growth_of

growths = st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=150)


def rewards_of(name: str, steps: list[float], regimes: list[int] | None = None, **parameters: float) -> list[float]:
    reward, state = Reward(name, parameters), np.zeros(STATES)
    function, values = REWARDS[name].function, np.array(reward.values)
    return [function(values, state, g, (regimes or [1] * len(steps))[k]) for k, g in enumerate(steps)]


@given(steps=growths)
def test_log_growth_adds_up_to_that_of_the_book(steps: list[float]) -> None:
    assert rewards_of("log-growth", steps) == steps
    assert log_growth_of(100.0, 110.0) == math.log(1.1) and log_growth_of(100.0, -5.0) == math.log(FLOOR)


@given(steps=growths)
def test_differential_sharpe_is_the_derivative_of_the_moving_ratio(steps: list[float]) -> None:
    """D = dS/d(rate) at rate 0, where S = A / sqrt(B - A^2) with A + rate (R - A) and B + rate (R^2 - B)."""
    rate, first, second = 0.05, 0.0, 0.0
    for got, g in zip(rewards_of("differential-sharpe", steps, rate=rate), steps, strict=True):
        if second - first**2 > 1e-6:

            def ratio(h: float, a: float = first, b: float = second, g: float = g) -> float:
                a, b = a + h * (g - a), b + h * (g * g - b)
                return a / math.sqrt(b - a * a)

            h = 1e-5
            expected = (ratio(h) - ratio(-h)) / (2 * h)
            assert got == pytest.approx(max(-10.0, min(10.0, expected)), rel=1e-3, abs=1e-3)
        first, second = first + rate * (g - first), second + rate * (g * g - second)


@given(steps=growths, penalty=st.floats(0, 5))
def test_drawdown_costs_what_it_rises_by(steps: list[float], penalty: float) -> None:
    level = np.concatenate([[0.0], np.cumsum(steps)])
    below = np.maximum.accumulate(level) - level
    expected = [
        g - penalty * max(0.0, after - before) for g, before, after in zip(steps, below, below[1:], strict=False)
    ]
    assert rewards_of("drawdown-penalised", steps, penalty=penalty) == pytest.approx(expected, abs=1e-9)


@given(steps=growths, share=st.floats(0.01, 1))
def test_the_tail_that_is_penalised_is_the_worst_share_of_the_window(steps: list[float], share: float) -> None:
    found = rewards_of("cvar-penalised", steps, penalty=2.0, share=share)
    for k, (got, g) in enumerate(zip(found, steps, strict=True)):
        window = sorted(steps[max(0, k + 1 - WINDOW) : k + 1])
        tail = fmean(window[: max(1, int(share * len(window)))])
        assert got == pytest.approx(g - 2.0 * max(0.0, -tail), abs=1e-9)


def test_the_regime_says_what_a_drawdown_costs() -> None:
    found = rewards_of("regime-adaptive", [-0.1, -0.1, -0.1], [0, 1, 2], quiet=0.0, usual=1.0, loud=3.0)
    assert found == pytest.approx([-0.1, -0.2, -0.4])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Reward("fame"), "reward 'fame' is not known; there is log-growth, differential-sharpe"),
        (lambda: Reward("log-growth", {"rate": 1}), "has no 'rate'; it has no parameters"),
        (lambda: Reward("cvar-penalised", {"share": 1.5}), r"share must lie in 0\.\.1, was 1.5"),
        (lambda: Reward("cvar-penalised", {"penalty": float("nan")}), "penalty must be a number, was nan"),
        (lambda: Acting(space="spherical"), "action space 'spherical' is not known: continuous or discrete"),  # type: ignore[arg-type]
        (lambda: Acting(leverage=3), "leverage 3 needs margin: short = true"),
        (lambda: Acting(small=0.5, medium=0.25), "must rise within 0..1, were 0.5, 0.25, 1"),
        (lambda: Acting(most_units=0), "most_units must be above 0"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(make: Any, said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        make()


# What an action means


def test_a_share_is_one_of_the_largest_position_and_short_means_flat_on_spot() -> None:
    assert most(0.004, 1.0, 100.0) == 0.4  # 100 units are 0.4 of equity
    assert continuous(0.5, 0.0, 0.4, 0.0, 0.05) == 0.2 * GRID
    assert continuous(-0.5, 0.2, 0.4, 0.0, 0.05) == 0
    assert continuous(-0.5, 0.2, 0.4, -1.0, 0.05) == -0.2 * GRID


def test_within_the_band_nothing_is_said_and_a_small_share_is_flat() -> None:
    assert continuous(0.52, 0.5, 1.0, 0.0, 0.05) == KEEP
    assert continuous(0.03, 0.5, 1.0, 0.0, 0.05) == 0
    assert continuous(0.03, 0.0, 1.0, 0.0, 0.05) == KEEP


@pytest.mark.parametrize(
    ("action", "held", "target"),
    [(HOLD, 0.3, None), (1, 0.0, 0.25), (2, 0.0, 0.5), (3, 0.5, 1.0), (3, 1.2, None), (4, 0.5, 0.25), (6, 0.5, 0.0),
     (6, 0.0, None), (CLOSE, 0.5, 0.0), (CLOSE, 0.0, None)],
)  # fmt: skip
def test_discrete_actions_buy_sell_and_close_by_steps(action: int, held: float, target: float | None) -> None:
    found = discrete(action, held, 1.0, 0.0, 0.05, 0.25, 0.5, 1.0)
    assert found == (KEEP if target is None else target * GRID)
