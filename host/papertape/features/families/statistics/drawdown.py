"""How far the close is below the highest and above the lowest close of the last n candles.

drawdown = close / highest - 1, run_up = close / lowest - 1, over the last n closes, the newest included.

Source: textbook. Inputs: close. Warm-up: n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    close = c.close[t]
    highest = window_highest(f, i, 0, 0, n, c.index[t], close)
    lowest = window_lowest(f, i, 2 * n + 1, n + 4, n, c.index[t], close)
    o[0] = close / highest - 1.0
    o[1] = close / lowest - 1.0


FAMILY = FeatureFamily(
    name="drawdown",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 100, 2, 2000, "candles of the window"),),
    outputs=(
        FeatureOutput("drawdown", "close against the highest close", "fraction", low=-1, high=0),
        FeatureOutput("run_up", "close against the lowest close", "fraction", low=0),
    ),
    variants=((20,), (100,), (500,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
