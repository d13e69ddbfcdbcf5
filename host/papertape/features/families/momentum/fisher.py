"""Fisher transform: the place in the recent range, stretched so that its extremes stand out.

middle = (high + low) / 2, place = (middle - lowest) / (highest - lowest) - 0.5 over n middles, 0 where they are all the
same; v = 0.66 place + 0.67 v', held to +-0.999 where it leaves +-0.99; fisher = atanh(v) + 0.5 fisher', fisher_change =
fisher - fisher'.

Source: Ehlers, Using the Fisher Transform (2002). Inputs: high, low. Warm-up: n candles, and until the start's weight
is below 1e-15, as atanh stretches v. Range: +-7.61, twice atanh(0.999).
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.warmup import fading_warmup
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    middle = (c.high[t] + c.low[t]) / 2.0
    highest = window_highest(f, i, 2, 0, n, c.index[t], middle)
    lowest = window_lowest(f, i, 2 * n + 3, n + 4, n, c.index[t], middle)
    width = highest - lowest
    if width != width:
        return
    place = (middle - lowest) / width - 0.5 if width > 0.0 else 0.0
    v = 0.66 * place + 0.67 * f[0]
    if v > 0.99:
        v = 0.999
    elif v < -0.99:
        v = -0.999
    f[0] = v
    before = f[1]
    f[1] = 0.5 * math.log((1.0 + v) / (1.0 - v)) + 0.5 * before
    o[0] = f[1]
    o[1] = f[1] - before


FAMILY = FeatureFamily(
    name="fisher",
    category="momentum",
    memory="decaying",
    inputs=("high", "low"),
    parameters=(FeatureParameter("n", 10, 2, 1000, "candles of the range"),),
    outputs=(
        FeatureOutput("fisher", "place in the range, stretched", "-7.61..7.61", low=-7.61, high=7.61),
        FeatureOutput("fisher_change", "fisher less the one before", "-11.42..11.42", low=-11.42, high=11.42),
    ),
    variants=((10,), (32,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + fading_warmup(0.33, 2, 1e-15),
    floats=lambda n: 2 + 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
