"""Hull moving average: its level, how far the close is from it, and its slope.

hma = WMA over s of (2 WMA(close, n // 2) - WMA(close, n)), s = the square root of n without its fraction; price_vs_hma
= close / hma - 1; hma_slope = (hma / hma five candles ago - 1) / 5, per candle. WMA: linearly weighted mean.

Source: Hull, Hull moving average (2005); TA-Lib, HMA, which cuts off both fractions as here. Inputs: close. Warm-up: n
+ s + 4 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.families.trend.weighing import weighted


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    short = int(math.sqrt(p[0]))
    k = i[1]
    newest = 2.0 * weighted(c.close, t, n // 2) - weighted(c.close, t, n)
    f[RISE + k] = newest
    total = 0.0
    for back in range(1, short):
        k = k - 1 if k > 0 else short - 1
        total += (short - back) * (f[RISE + k] - newest)
    i[1] = i[1] + 1 if i[1] + 1 < short else 0
    told(f, i, 0, 0, newest + 2.0 * total / (short * (short + 1.0)), c.close[t], o)


FAMILY = FeatureFamily(
    name="hma",
    category="trend",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 200, "candles of the average"),),
    outputs=outputs("hma", "Hull average", positive=False),
    variants=((9,), (20,), (55,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + int(math.sqrt(n)) - 1 + RISE,
    reach=lambda n: int(n),
    floats=lambda n: RISE + int(math.sqrt(n)),
    ints=lambda n: 2,
)
