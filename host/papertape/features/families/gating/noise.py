"""Noise: the part of the way that brings the price nowhere.

noise_ratio = 1 - (highest high - lowest low of the last n candles) / sum of their n true ranges: 0 where every candle
goes on from the one before, near 1 where all go over the same ground; NaN where there is no range.

Source: our own; built on what Dreiss's choppiness index takes the logarithm of. Inputs: high, low, close. Warm-up: n +
1 candles. Unit: 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.gating.compression import extent
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    way = window_sum(f, i, 0, 0, n, c.index[t], c.span[t])
    reached = extent(f, i, 2 * n + 1, n + 4, n, c.index[t], c.high[t], c.low[t])
    o[0] = 1.0 - min(reached / way, 1.0) if way > 0.0 else math.nan


FAMILY = FeatureFamily(
    name="noise",
    category="gating",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles"),),
    outputs=(FeatureOutput("noise_ratio", "part of the way that brings the price nowhere", "fraction", low=0, high=1),),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
