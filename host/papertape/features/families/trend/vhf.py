"""Vertical horizontal filter: how far the closes reach, against the way they went.

vhf = (highest - lowest of the last n closes) / sum of the last n changes of the close without their sign; 0 where
nothing changed.

Source: White, The vertical horizontal filter, Futures (1991); TA-Lib, VHF. Inputs: close. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    a = 2 * n + 1
    b = n + 4
    index = c.index[t]
    close = c.close[t]
    way = window_sum(f, i, 0, 0, n, index, abs(close - c.close[t - 1]))
    reached = window_highest(f, i, a, b, n, index, close) - window_lowest(f, i, 2 * a, 2 * b, n, index, close)
    o[0] = reached / way if way != 0.0 else 0.0


FAMILY = FeatureFamily(
    name="vhf",
    category="trend",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 28, 2, 1000, "candles of the range and of the way"),),
    outputs=(FeatureOutput("vhf", "range of the closes against their way", "ratio", low=0, high=1),),
    variants=((14,), (28,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
