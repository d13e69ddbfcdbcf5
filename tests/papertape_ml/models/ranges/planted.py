"""Ranges whose quantiles are a known function of the inputs."""

from functools import cache

import numpy as np

from papertape_ml.models.contract import Array
from papertape_ml.models.ranges.fitting import FittedRange, RangePart, fit_range
from papertape_ml.models.ranges.model import Reach
from papertape_ml.models.settings import BoosterSettings

NAMES = ("rsi_14", "atr_pct", "vpin")
REACHES = (Reach("6c", 6.0), Reach("18c", 18.0))
QUICK = BoosterSettings(rounds=200, depth=3, rate=0.1, least_leaf_weight=20.0, patience=20, threads=1)


def rows(count: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    made = np.column_stack((rng.uniform(0, 100, count), np.exp(rng.normal(-6, 0.7, count)), rng.random(count)))
    made[rng.random(count) < 0.03, 2] = np.nan
    return made


def multiples(inputs: Array) -> Array:
    """The medians (n, 2) of high and low, in units of the scale: highs go twice as far where rsi_14 is above 50."""
    high = np.where(inputs[:, 0] > 50, 1.4, 0.7)
    return np.column_stack((high, np.full(len(inputs), 1.0)))


def part(count: int, seed: int) -> RangePart:
    """Each way is its median times e to a normal number of deviation 0.5."""
    inputs = rows(count, seed)
    rng = np.random.default_rng(seed + 1)
    values = []
    for reach in REACHES:
        ways = multiples(inputs) * np.exp(rng.normal(0, 0.5, (count, 2))) * inputs[:, 1, None] * np.sqrt(reach.candles)
        values += [ways[:, 0], -ways[:, 1]]
    return RangePart(inputs, np.column_stack(values), np.ones(count))


@cache
def fitted(settings: BoosterSettings = QUICK) -> FittedRange:
    return fit_range(NAMES, REACHES, part(4_000, 0), part(1_500, 10), part(2_000, 20), settings)
