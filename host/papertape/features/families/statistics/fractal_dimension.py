"""Fractal dimension of the last n candles: 1 for a straight move, 2 for one that fills its range.

With R1 and R2 the ranges (highest high - lowest low) of the last n / 2 candles and of the n / 2 before, and R that of
both: fractal_dimension = log2(2 (R1 + R2) / R), at least 1 (a jump between the halves would be below), 1 where nothing
moves.

Source: Ehlers, FRAMA - fractal adaptive moving average (2005). Inputs: high, low. Warm-up: n candles. Range: 1 to 2.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    # State: two windows, then the extremes of the halves that ended at each of the last n / 2 candles.
    half = int(p[0]) // 2
    floats, ints = 2 * half + 1, half + 4
    highest = window_highest(f, i, 0, 0, half, c.index[t], c.high[t])
    lowest = window_lowest(f, i, floats, ints, half, c.index[t], c.low[t])
    place = i[2 * ints]
    at = 2 * floats + 2 * place
    before_high, before_low = f[at], f[at + 1]
    f[at], f[at + 1] = highest, lowest
    i[2 * ints] = place + 1 if place + 1 < half else 0
    both = max(highest, before_high) - min(lowest, before_low)
    parts = (highest - lowest) + (before_high - before_low)
    if both == both and parts == parts:
        o[0] = 1.0 if parts <= both else min(math.log2(2.0 * parts / both), 2.0)


FAMILY = FeatureFamily(
    name="fractal_dimension",
    category="statistics",
    memory="window",
    inputs=("high", "low"),
    parameters=(FeatureParameter("n", 30, 4, 1000, "candles of the window"),),
    outputs=(FeatureOutput("fractal_dimension", "how much a move fills its range", "1", low=1, high=2),),
    variants=((16,), (30,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 2 * (int(n) // 2),
    floats=lambda n: 2 * sum_floats(int(n) // 2) + 2 * (int(n) // 2),
    ints=lambda n: 2 * window_ints(int(n) // 2) + 1,
)
