"""Compression: how much of its longer range the price has used lately.

compression_ratio = (highest high - lowest low of the last n candles) / (the same of the last m); NaN where there was no
range. Near 1 the price has crossed all of its range lately, near 0 it has hardly moved.

Source: our own. Inputs: high, low. Warm-up: the longer of n and m. Unit: 0 to 1 with n below m.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def extent(f: Any, i: Any, a: int, b: int, n: int, index: float, high: float, low: float) -> float:
    """Highest high less lowest low of the last n candles."""
    return window_highest(f, i, a, b, n, index, high) - window_lowest(f, i, a + 2 * n + 1, b + n + 4, n, index, low)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    near = extent(f, i, 0, 0, n, c.index[t], c.high[t], c.low[t])
    far = extent(f, i, 4 * n + 2, 2 * n + 8, int(p[1]), c.index[t], c.high[t], c.low[t])
    o[0] = near / far if far > 0.0 else math.nan


FAMILY = FeatureFamily(
    name="compression",
    category="gating",
    memory="window",
    inputs=("high", "low"),
    parameters=(
        FeatureParameter("n", 10, 1, 1000, "candles of the short range"),
        FeatureParameter("m", 50, 1, 1000, "candles of the long one"),
    ),
    outputs=(FeatureOutput("compression_ratio", "short range over long range", "ratio", low=0),),
    variants=((5, 20), (10, 50), (20, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: int(max(n, m)),
    floats=lambda n, m: 2 * sum_floats(n) + 2 * sum_floats(m),
    ints=lambda n, m: 2 * window_ints(n) + 2 * window_ints(m),
)
