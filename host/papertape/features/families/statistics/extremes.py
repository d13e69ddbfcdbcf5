"""Highest, lowest and sum of the last n closes: levels, for comparison with other libraries.

max = highest, min = lowest, sum = sum of the last n closes.

Source: TA-Lib, MAX, MIN, SUM; `time_since_extreme` tells when the extremes were. Inputs: close. Warm-up: n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    floats, ints = 2 * n + 1, n + 4
    o[0] = window_highest(f, i, 0, 0, n, c.index[t], c.close[t])
    o[1] = window_lowest(f, i, floats, ints, n, c.index[t], c.close[t])
    o[2] = window_sum(f, i, 2 * floats, 2 * ints, n, c.index[t], c.close[t])


FAMILY = FeatureFamily(
    name="extremes",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 30, 2, 1000, "candles of the window"),),
    outputs=(
        FeatureOutput("max", "highest close", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("min", "lowest close", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("sum", "sum of closes", "quote currency", low=0, scale="close", level=True),
    ),
    variants=((30,),),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
