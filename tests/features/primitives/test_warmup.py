"""Warm-ups: after that many candles nothing is left of what came before, and not many fewer would do."""

import numpy as np
import pytest

from papertape.features.primitives.smoothing import ema, wilder
from papertape.features.primitives.warmup import TOLERANCE, ema_warmup, fading_warmup, wilder_warmup


def remaining(n: int, stages: int, candles: int, wilders: bool = False) -> float:
    """What an average that starts at 1 where the others are 0 still shows of it after `candles`, as it is seeded."""
    f, i = np.zeros(stages), np.zeros(stages, np.int64)
    value = 0.0
    for t in range(candles):
        value = 1.0 if t < n else 0.0
        for stage in range(stages):
            value = (wilder if wilders else ema)(f, i, stage, stage, n, value)
    return value


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize("n", [2, 14, 50])
def test_an_ema_has_forgotten_its_seed_after_its_warmup(n: int, stages: int) -> None:
    candles = ema_warmup(n, stages)
    assert 0 <= remaining(n, stages, candles) <= TOLERANCE
    assert remaining(n, stages, candles * 8 // 10) > TOLERANCE


@pytest.mark.parametrize("n", [2, 7, 14, 100])
def test_a_wilder_average_has_forgotten_its_seed_after_its_warmup(n: int) -> None:
    candles = wilder_warmup(n)
    assert 0 <= remaining(n, 1, candles, wilders=True) <= TOLERANCE
    assert remaining(n, 1, candles * 8 // 10, wilders=True) > TOLERANCE


@pytest.mark.parametrize("n", [26, 100, 200])
def test_one_ema_needs_about_ten_times_its_candles_and_the_seed(n: int) -> None:
    assert ema_warmup(n) - n == pytest.approx(10.36 * (n + 1), rel=0.06)


def test_a_tighter_tolerance_takes_longer() -> None:
    assert ema_warmup(14, tolerance=1e-12) > ema_warmup(14) > ema_warmup(14, tolerance=1e-6)


def test_an_average_that_is_its_newest_value_needs_one_candle_a_stage() -> None:
    assert fading_warmup(1.0, 3, TOLERANCE) == 3
    assert ema_warmup(1) == 2


@pytest.mark.parametrize("stages", [1, 2, 4])
def test_the_warmup_is_the_fewest_candles_that_leave_the_tolerance(stages: int) -> None:
    weight = 0.2
    candles = fading_warmup(weight, stages, TOLERANCE)
    left = np.zeros(stages + 1)  # the chance of so many successes, the last standing for all beyond
    left[0] = 1.0
    remains = []
    for _ in range(candles):
        moved = left[:-1] * weight
        left[:-1] -= moved
        left[1:] += moved
        remains.append(left[:-1].sum())
    assert remains[-1] <= TOLERANCE < remains[-2]
