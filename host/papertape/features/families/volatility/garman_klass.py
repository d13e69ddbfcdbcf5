"""Garman and Klass's volatility: from highs and lows, and from open to close.

garman_klass = sqrt(mean over n candles of (ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2)), per candle; 0
where rounding makes the mean negative.

Source: Garman, Klass, On the estimation of security price volatilities from historical data (1980). Inputs: open, high,
low, close. Warm-up: n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

SHARE = 2.0 * math.log(2.0) - 1.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    width = math.log(c.high[t] / c.low[t])
    body = math.log(c.close[t] / c.open[t])
    total = window_sum(f, i, 0, 0, n, c.index[t], 0.5 * width * width - SHARE * body * body)
    o[0] = 0.0 if total < 0.0 else math.sqrt(total / n)


FAMILY = FeatureFamily(
    name="garman_klass",
    category="volatility",
    memory="window",
    inputs=("open", "high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 1, 1000, "candles"),),
    outputs=(
        FeatureOutput("garman_klass", "volatility from range and body, per candle", "log return", low=0, scale=0.01),
    ),
    variants=((5,), (20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
