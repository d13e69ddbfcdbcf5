"""Volatility of closes over that of ranges: whether moves inside the candles last.

close_range_ratio = volatility over n log returns / Parkinson's volatility over the same n candles: about 1 for a random
walk, less where candles come back to where they began, more where prices jump between; NaN where there is no range.

Source: `volatility` and `parkinson`; the comparison is a variance ratio (Lo, MacKinlay 1988) within the candle. Inputs:
high, low, close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.parkinson import SHARE
from papertape.features.families.volatility.realised import deviation
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    closes = deviation(f, i, 0, 0, n, c.index[t], c.gain[t])
    width = math.log(c.high[t] / c.low[t])
    ranges = window_sum(f, i, 3 * n + 2, n + 4, n, c.index[t], width * width)
    o[0] = closes / math.sqrt(ranges / (SHARE * n)) if ranges > 0.0 else math.nan


FAMILY = FeatureFamily(
    name="close_range_ratio",
    category="volatility",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles"),),
    outputs=(FeatureOutput("close_range_ratio", "volatility of closes over that of ranges", "ratio", low=0),),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: moments_floats(n) + sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
