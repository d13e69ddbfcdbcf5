"""Largest move: how much of the variance came in one candle.

largest_move_share = highest r^2 / sum of r^2 over the last n log returns r: 1 / n where all are alike, 1 where one is
all; NaN where nothing moves.

Source: our own; kin to Herfindahl's index. Inputs: close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    square = c.gain[t] * c.gain[t]
    total = window_sum(f, i, 0, 0, n, c.index[t], square)
    highest = window_highest(f, i, 2 * n + 1, n + 4, n, c.index[t], square)
    o[0] = min(highest / total, 1.0) if total > 0.0 else math.nan


FAMILY = FeatureFamily(
    name="largest_move",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "log returns"),),
    outputs=(FeatureOutput("largest_move_share", "part of the variance in one candle", "fraction", low=0, high=1),),
    variants=((10,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
