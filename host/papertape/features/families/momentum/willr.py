"""Williams %R: how far the close is below the top of the range of the last n candles.

willr = -100 (highest high - close) / (highest high - lowest low) over n candles, 0 where the range is none.

Source: Williams, How I Made One Million Dollars Last Year Trading Commodities (1973); TA-Lib, WILLR. Inputs: high, low,
close. Warm-up: n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    highest = window_highest(f, i, 0, 0, n, c.index[t], c.high[t])
    lowest = window_lowest(f, i, 2 * n + 1, n + 4, n, c.index[t], c.low[t])
    width = (highest - lowest) / -100.0
    if width == width:
        o[0] = (highest - c.close[t]) / width if width < 0.0 else 0.0


FAMILY = FeatureFamily(
    name="willr",
    category="momentum",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 14, 2, 1000, "candles of the range"),),
    outputs=(FeatureOutput("willr", "close below the top of the range", "-100..0", low=-100, high=0, scale=100),),
    variants=((5,), (14,), (30,), (100,)),
    aliases={"williams_r": "willr_14"},
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
