"""Yang and Zhang's volatility: jumps between candles, bodies, and what happens inside.

yang_zhang = sqrt(J + k B + (1 - k) S), per candle, over n candles: J and B the sample variances of ln(open / close')
and of ln(close / open), S the mean of Rogers and Satchell's variance, k = 0.34 / (1.34 + (n + 1) / (n - 1)); 0 where
rounding makes it negative.

Source: Yang, Zhang, Drift-independent volatility estimation based on high, low, open, and close prices (2000). Inputs:
open, high, low, close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.rogers_satchell import excursion
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_moments, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    moments, ints = 3 * n + 2, n + 4
    _, jumps = window_moments(f, i, 0, 0, n, c.index[t], math.log(c.open[t] / c.close[t - 1]))
    _, bodies = window_moments(f, i, moments, ints, n, c.index[t], math.log(c.close[t] / c.open[t]))
    inside = excursion(c.open[t], c.high[t], c.low[t], c.close[t])
    inside = window_sum(f, i, 2 * moments, 2 * ints, n, c.index[t], inside)
    k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0))
    variance = jumps / (n - 1) + k * bodies / (n - 1) + (1.0 - k) * inside / n
    o[0] = 0.0 if variance < 0.0 else math.sqrt(variance)


FAMILY = FeatureFamily(
    name="yang_zhang",
    category="volatility",
    memory="window",
    inputs=("open", "high", "low", "close"),
    parameters=(FeatureParameter("n", 30, 2, 1000, "candles"),),
    outputs=(
        FeatureOutput(
            "yang_zhang", "volatility from jumps and four prices, per candle", "log return", low=0, scale=0.01
        ),
    ),
    variants=((7,), (30,), (70,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * moments_floats(n) + sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
