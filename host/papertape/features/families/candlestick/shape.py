"""Shape of a candle: how body and wicks share its range.

With range = high - low: body_ratio = |close - open| / range; upper_wick_ratio = (high - max(open, close)) / range;
lower_wick_ratio = (min(open, close) - low) / range; wick_balance = lower - upper wick ratio; close_location = (close -
low) / range; candle_direction = 1 where close > open, -1 where close < open, else 0. A candle without range has no body
and no wicks (0) and closes in its middle (0.5). The body with its sign is `bop`.

Source: our own definition of common ratios. Inputs: open, high, low, close. Warm-up: 1 candle. Unit: fraction of the
range.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import lower, upper


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    size = c.high[t] - c.low[t]
    grown = c.close[t] - c.open[t]
    for k in range(4):
        o[k] = 0.0
    o[4] = 0.5
    o[5] = 1.0 if grown > 0.0 else (-1.0 if grown < 0.0 else 0.0)
    if size > 0.0:
        over, under = upper(c, t) / size, lower(c, t) / size
        o[0] = abs(grown) / size
        o[1] = over
        o[2] = under
        o[3] = under - over
        o[4] = (c.close[t] - c.low[t]) / size


FAMILY = FeatureFamily(
    name="candle_shape",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("body_ratio", "body as a share of the range", "fraction", low=0, high=1),
        FeatureOutput("upper_wick_ratio", "upper wick as a share of the range", "fraction", low=0, high=1),
        FeatureOutput("lower_wick_ratio", "lower wick as a share of the range", "fraction", low=0, high=1),
        FeatureOutput("wick_balance", "lower wick beyond the upper, as a share of the range", "fraction", -1, 1),
        FeatureOutput("close_location", "where the close stands in the range, 0 the low, 1 the high", "fraction", 0, 1),
        FeatureOutput("candle_direction", "1 closed above its open, -1 below, 0 at it", "sign", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
)
