"""Rogers and Satchell's volatility: from all four prices, right also where the price drifts.

rogers_satchell = sqrt(mean over n candles of (ln(high / close) ln(high / open) + ln(low / close) ln(low / open))), per
candle; 0 where rounding makes the mean negative.

Source: Rogers, Satchell, Estimating variance from high, low and closing prices (1991). Inputs: open, high, low, close.
Warm-up: n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def excursion(opened: float, high: float, low: float, closed: float) -> float:
    """What one candle adds to the variance."""
    up, down, body = math.log(high / opened), math.log(low / opened), math.log(closed / opened)
    return up * (up - body) + down * (down - body)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    total = window_sum(f, i, 0, 0, n, c.index[t], excursion(c.open[t], c.high[t], c.low[t], c.close[t]))
    o[0] = 0.0 if total < 0.0 else math.sqrt(total / n)


FAMILY = FeatureFamily(
    name="rogers_satchell",
    category="volatility",
    memory="window",
    inputs=("open", "high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 1, 1000, "candles"),),
    outputs=(
        FeatureOutput("rogers_satchell", "volatility from four prices, per candle", "log return", low=0, scale=0.01),
    ),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
