"""Acceleration: the return of the last n candles against that of the n before.

acceleration = ln(close / close_n) - ln(close_n / close_2n), close_k being the close k candles ago.

Source: second difference of the logarithm of the price. Inputs: close. Warm-up: 2 n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    middle = c.close[t - n]
    o[0] = math.log((c.close[t] / middle) * (c.close[t - 2 * n] / middle))


FAMILY = FeatureFamily(
    name="acceleration",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 5, 1, 1000, "candles of each return"),),
    outputs=(FeatureOutput("acceleration", "log return less the one before", "log"),),
    variants=((1,), (5,), (20,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 2 * int(n) + 1,
    reach=lambda n: 2 * int(n) + 1,
)
