"""Bollinger bands against Keltner's: below 1 they lie inside, and the market is squeezed.

bb_to_keltner = 2 s / (1.5 w), s the standard deviation (population) of the last n closes, w the mean of the last n true
ranges; NaN where there is no range.

Source: Carter, Mastering the Trade (2005), the squeeze, with bands at 2 deviations and 1.5 average true ranges; the
average is the plain one. Inputs: high, low, close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_moments, window_sum

DEVIATIONS = 2.0
RANGES = 1.5


@kernel
def bands(f: Any, i: Any, a: int, b: int, n: int, index: float, close: float, span: float) -> tuple[float, float]:
    """Mean of the closes, and how wide the Bollinger bands are against Keltner's; `band_floats`, `band_ints`."""
    mean, squares = window_moments(f, i, a, b, n, index, close)
    wide = window_sum(f, i, a + 3 * n + 2, b + n + 4, n, index, span) / n
    return mean, DEVIATIONS * math.sqrt(squares / n) / (RANGES * wide) if wide > 0.0 else math.nan


def band_floats(n: float) -> int:
    return moments_floats(n) + sum_floats(n)


def band_ints(n: float) -> int:
    return 2 * window_ints(n)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    _, o[0] = bands(f, i, 0, 0, int(p[0]), c.index[t], c.close[t], c.span[t])


FAMILY = FeatureFamily(
    name="band_ratio",
    category="volatility",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of both bands"),),
    outputs=(FeatureOutput("bb_to_keltner", "width of the Bollinger bands over that of Keltner's", "ratio", low=0),),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=band_floats,
    ints=band_ints,
)
