"""Choppiness index: how much of its way the price spent going back and forth.

choppiness = 100 log(sum of the true range / (highest high - lowest low)) / log n, over the last n candles: 0 where the
price went straight, about 100 where all candles had the same range; NaN where that was none.

Source: Dreiss, the choppiness index (1993). Inputs: high, low, close. Warm-up: n + 1 candles. Unit: 0 to 100; a gap
before the first of the candles may push it above.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    a = 2 * n + 1
    b = n + 4
    index = c.index[t]
    way = window_sum(f, i, 0, 0, n, index, c.span[t])
    high = window_highest(f, i, a, b, n, index, c.high[t])
    low = window_lowest(f, i, 2 * a, 2 * b, n, index, c.low[t])
    if high > low:
        o[0] = 100.0 * max(math.log(way / (high - low)) / math.log(p[0]), 0.0) if way == way else math.nan


FAMILY = FeatureFamily(
    name="choppiness",
    category="trend",
    memory="window",
    inputs=("high", "low", "span"),
    parameters=(FeatureParameter("n", 14, 2, 500, "candles of the sum and the range"),),
    outputs=(FeatureOutput("choppiness", "0 straight, about 100 back and forth", "0..100", low=0, scale=100),),
    variants=((14,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
