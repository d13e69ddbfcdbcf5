"""Efficiency ratio: how straight the close's way was over n candles.

efficiency_ratio = |close - close n candles ago| / sum of |change| over n candles; 1 where it did not move at all, as in
TA-Lib.

Source: Kaufman, Smarter Trading (1995); TA-Lib, ER. Inputs: close. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    way = window_sum(f, i, 0, 0, n, c.index[t], abs(c.close[t] - c.close[t - 1]))
    if way == way:
        o[0] = abs(c.close[t] - c.close[t - n]) / way if way > 0.0 else 1.0


FAMILY = FeatureFamily(
    name="efficiency",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 10, 2, 1000, "candles of the way"),),
    outputs=(FeatureOutput("efficiency_ratio", "distance against the way", "fraction", low=0, high=1),),
    variants=((10,), (30,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: int(n) + 1,
    floats=sum_floats,
    ints=window_ints,
)
