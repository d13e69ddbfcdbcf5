"""Candle ranges: how far high and low are apart, on average, and how unusual this candle is.

x = (high - low) / close; range_pct = mean of the last n x; candle_range_zscore = (x - mean) / their standard deviation
(population), 0 where all are alike; range_expansion = x / mean of the n x before it, NaN where those had no range; adr
= mean of the last n (high - low).

Source: TA-Lib, ADR; the rest are plain statistics of our own choice. Inputs: high, low, close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_moments, window_sum

ALIKE = 1e-9


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    width = c.high[t] - c.low[t]
    x = width / c.close[t]
    before = f[0]
    mean, squares = window_moments(f, i, 1, 0, n, c.index[t], x)
    f[0] = mean
    spread = math.sqrt(squares / n)
    o[0] = window_sum(f, i, 3 * n + 3, n + 4, n, c.index[t], width) / n
    o[1] = mean
    o[2] = 0.0 if spread <= ALIKE * mean else (x - mean) / spread
    o[3] = x / before if before > 0.0 else math.nan


FAMILY = FeatureFamily(
    name="candle_range",
    category="volatility",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles"),),
    outputs=(
        FeatureOutput("adr", "mean range of a candle", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("range_pct", "mean range of a candle against its close", "fraction", low=0, scale=0.01),
        FeatureOutput("candle_range_zscore", "this candle's range against the last ones", "standard deviations"),
        FeatureOutput("range_expansion", "this candle's range over the mean of those before", "ratio", low=0),
    ),
    variants=((5,), (20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=lambda n: 1 + moments_floats(n) + sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
