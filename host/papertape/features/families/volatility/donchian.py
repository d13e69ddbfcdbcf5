"""Donchian channel: where the close stands between the highest high and the lowest low.

donchian_upper and donchian_lower = highest high and lowest low of the last n candles, this one included;
donchian_middle = their mean; donchian_position = (close - lower) / (upper - lower), 0.5 where they meet; donchian_width
= (upper - lower) / middle.

Source: Donchian's channel; TA-Lib, DONCHIAN. Libraries that leave the newest candle out (Skender) have the value of the
candle before. Inputs: high, low, close. Warm-up: n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    upper = window_highest(f, i, 0, 0, n, c.index[t], c.high[t])
    lower = window_lowest(f, i, 2 * n + 1, n + 4, n, c.index[t], c.low[t])
    middle = (upper + lower) / 2.0
    o[0] = upper
    o[1] = middle
    o[2] = lower
    o[3] = 0.5 if upper == lower else (c.close[t] - lower) / (upper - lower)
    o[4] = (upper - lower) / middle


FAMILY = FeatureFamily(
    name="donchian",
    category="volatility",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 1, 1000, "candles"),),
    outputs=(
        FeatureOutput("donchian_upper", "highest high", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("donchian_middle", "mean of the two", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("donchian_lower", "lowest low", "quote currency", low=0, scale="close", level=True),
        FeatureOutput(
            "donchian_position", "where the close stands, 0 the lower, 1 the upper", "fraction", low=0, high=1
        ),
        FeatureOutput("donchian_width", "distance of the two, against their mean", "fraction", low=0, high=2),
    ),
    variants=((20,), (55,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
