"""Midpoints of a window: levels.

midpoint = (highest + lowest of the last n closes) / 2; midprice = (highest high + lowest low of the last n candles)
/ 2. The distance from the second one is `price_vs_kijun`.

Source: TA-Lib, MIDPOINT and MIDPRICE. Inputs: high, low, close. Warm-up: n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    a = 2 * n + 1
    b = n + 4
    index = c.index[t]
    close = c.close[t]
    o[0] = 0.5 * (window_highest(f, i, 0, 0, n, index, close) + window_lowest(f, i, a, b, n, index, close))
    highest = window_highest(f, i, 2 * a, 2 * b, n, index, c.high[t])
    o[1] = 0.5 * (highest + window_lowest(f, i, 3 * a, 3 * b, n, index, c.low[t]))


FAMILY = FeatureFamily(
    name="midpoint",
    category="trend",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 14, 2, 1000, "candles of the window"),),
    outputs=(
        FeatureOutput("midpoint", "middle of the closes' range", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("midprice", "middle of the candles' range", "quote currency", low=0, scale="close", level=True),
    ),
    variants=((14,),),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 4 * sum_floats(n),
    ints=lambda n: 4 * window_ints(n),
)
