"""Laguerre RSI: the rises among four ever later filters of the close.

l0 = (1 - g) close + g l0', l1 = l0' - g l0 + g l1', l2 and l3 likewise from the one before; U, D = sums of the rises
and of the falls from l3 to l2 to l1 to l0; laguerre_rsi = 100 U / (U + D), 0 where neither is. All begin at the first
close.

Source: Ehlers, Time Warp - Without Space Travel (2002), here 0..100. Inputs: close. Warm-up: until the start's weight
is below 1e-15, as the ratio can be one of small numbers. It is 0 once the close has not moved for 10 / (1 - g) candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.warmup import fading_warmup

QUIET = 10.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    g = p[0]
    close = c.close[t]
    if i[0] == 0:
        i[0] = 1
        f[0] = f[1] = f[2] = f[3] = close
    still = int(QUIET / (1.0 - g))
    i[1] = 0 if close != c.close[t - 1] else min(i[1] + 1, still)
    l0 = (1.0 - g) * close + g * f[0]
    l1 = f[0] - g * l0 + g * f[1]
    l2 = f[1] - g * l1 + g * f[2]
    l3 = f[2] - g * l2 + g * f[3]
    f[0], f[1], f[2], f[3] = l0, l1, l2, l3
    up = max(l0 - l1, 0.0) + max(l1 - l2, 0.0) + max(l2 - l3, 0.0)
    down = max(l1 - l0, 0.0) + max(l2 - l1, 0.0) + max(l3 - l2, 0.0)
    moved = up + down
    o[0] = 100.0 * up / moved if moved > 0.0 and i[1] < still else 0.0


FAMILY = FeatureFamily(
    name="laguerre_rsi",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("g", 0.5, 0.1, 0.95, "weight of the past in each filter"),),
    outputs=(FeatureOutput("laguerre_rsi", "share of rises among the filters", "0..100", 0, 100, scale=100),),
    variants=((0.5,), (0.8,)),
    step=step,
    definition=__doc__,
    warmup=lambda g: fading_warmup(1 - g, 4, 1e-15),
    reach=lambda g: 2,
    floats=lambda g: 4,
    ints=lambda g: 2,
)
