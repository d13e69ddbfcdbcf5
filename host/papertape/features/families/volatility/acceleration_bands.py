"""Acceleration bands: averages of the highs and lows, pushed outwards by each candle's own range.

g = 4 (high - low) / (high + low); acceleration_upper = mean of high (1 + g), acceleration_lower = mean of low (1 - g),
acceleration_middle = mean of the close, over n candles; acceleration_position = (close - lower) / (upper - lower), 0.5
where the bands meet; acceleration_skew = (upper + lower - 2 middle) / (upper - lower), 0 where they meet: above 0 where
closes are low in their candles.

Source: Headley, Big Trends in Trading (2002); TA-Lib, ACCBANDS. The skew is our own. Inputs: high, low, close. Warm-up:
n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    floats, ints = 2 * n + 1, n + 4
    g = 4.0 * (c.high[t] - c.low[t]) / (c.high[t] + c.low[t])
    upper = window_sum(f, i, 0, 0, n, c.index[t], c.high[t] * (1.0 + g)) / n
    middle = window_sum(f, i, floats, ints, n, c.index[t], c.close[t]) / n
    lower = window_sum(f, i, 2 * floats, 2 * ints, n, c.index[t], c.low[t] * (1.0 - g)) / n
    width = upper - lower
    o[0] = upper
    o[1] = middle
    o[2] = lower
    o[3] = (c.close[t] - lower) / width if width > 0.0 else 0.5
    o[4] = (upper + lower - 2.0 * middle) / width if width > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="acceleration_bands",
    category="volatility",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles"),),
    outputs=(
        FeatureOutput("acceleration_upper", "upper band", "quote currency", scale="close", level=True),
        FeatureOutput("acceleration_middle", "mean of the close", "quote currency", scale="close", level=True),
        FeatureOutput("acceleration_lower", "lower band", "quote currency", scale="close", level=True),
        FeatureOutput("acceleration_position", "where the close stands, 0 the lower band, 1 the upper", "fraction"),
        FeatureOutput("acceleration_skew", "how far the mean close is below the middle of the bands", "fraction"),
    ),
    variants=((10,), (30,), (70,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
