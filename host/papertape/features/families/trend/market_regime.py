"""Market regime: up, down, or neither, by how straight the price's way was; it holds on to what it said.

s = (close - close n candles ago) / sum of the n changes of the close without their sign, times the square root of n: a
random walk has a standard deviation of about 1.25, whatever n; 0 where nothing changed. The regime becomes 1 where s
reaches 2, -1 where it reaches -2, 0 where it comes within 1 of zero or to the other side of it; between, it stays.

It is looked for in the last 100 values of s; where all of them lie between 1 and 2, or -1 and -2, it is 0.

Source: the efficiency ratio of Kaufman, Smarter Trading (1995); the rule is ours. Inputs: close. Warm-up: n + 100
candles. Values: -1, 0, 1.
"""

import math
from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

CANDLES: Final = 100
ENTER: Final = 2.0
LEAVE: Final = 1.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    way = window_sum(f, i, CANDLES, 1, n, c.index[t], abs(c.close[t] - c.close[t - 1]))
    k = i[0]
    f[k] = (c.close[t] - c.close[t - n]) / way * math.sqrt(p[0]) if way != 0.0 else 0.0
    i[0] = k + 1 if k + 1 < CANDLES else 0
    side = 1.0 if f[k] > 0.0 else -1.0
    regime = 0.0
    for _ in range(CANDLES):
        strength = side * f[k]
        if strength >= ENTER:
            regime = side
        if strength >= ENTER or strength <= LEAVE:
            break
        k = k - 1 if k > 0 else CANDLES - 1
    o[0] = regime


FAMILY = FeatureFamily(
    name="market_regime",
    category="trend",
    memory="path",
    inputs=("close",),
    parameters=(FeatureParameter("n", 50, 2, 1000, "candles that the way is measured over"),),
    outputs=(FeatureOutput("market_regime", "1 up, -1 down, 0 neither", "sign", low=-1, high=1),),
    variants=((20,), (50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + CANDLES,
    reach=lambda n: int(n) + 1,
    floats=lambda n: CANDLES + sum_floats(n),
    ints=lambda n: 1 + window_ints(n),
)
