"""Parkinson's volatility: from highs and lows.

parkinson = sqrt(sum of ln(high / low)^2 over n candles / (4 n ln 2)), per candle.

Source: Parkinson, The extreme value method for estimating the variance of the rate of return (1980). Inputs: high, low.
Warm-up: n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

SHARE = 4.0 * math.log(2.0)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    width = math.log(c.high[t] / c.low[t])
    o[0] = math.sqrt(window_sum(f, i, 0, 0, n, c.index[t], width * width) / (SHARE * n))


FAMILY = FeatureFamily(
    name="parkinson",
    category="volatility",
    memory="window",
    inputs=("high", "low"),
    parameters=(FeatureParameter("n", 20, 1, 1000, "candles"),),
    outputs=(
        FeatureOutput("parkinson", "volatility from highs and lows, per candle", "log return", low=0, scale=0.01),
    ),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
