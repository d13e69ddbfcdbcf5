"""Triple exponential moving average: its level, how far the close is from it, and its slope.

tema = 3 e - 3 ee + eee, e = EMA(close), ee = EMA(e), eee = EMA(ee), all of n candles, each seeded with the mean of its
first n values; price_vs_tema = close / tema - 1; tema_slope = (tema / tema five candles ago - 1) / 5, per candle.

Source: Mulloy, Smoothing data with faster moving averages, Technical Analysis of Stocks & Commodities 12 (1994);
TA-Lib, TEMA. Inputs: close. Warm-up: until the seeds' weight is below 1e-12 (the averages are weighed 3, 3 and 1), and
5 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    once = ema(f, i, 0, 0, n, c.close[t])
    twice = ema(f, i, 1, 1, n, once)
    thrice = ema(f, i, 2, 2, n, twice)
    told(f, i, 3, 3, 3.0 * once - 3.0 * twice + thrice, c.close[t], o)


FAMILY = FeatureFamily(
    name="tema",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 21, 2, 500, "candles of the averages"),),
    outputs=outputs("tema", "triple exponential average", positive=False),
    variants=((9,), (21,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: ema_warmup(n, 3, 1e-12) + RISE,
    floats=lambda n: 3 + RISE,
    ints=lambda n: 4,
)
