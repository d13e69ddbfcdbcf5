"""Double exponential moving average: its level, how far the close is from it, and its slope.

dema = 2 e - EMA(e), e = EMA(close), both of n candles, each seeded with the mean of its first n values; price_vs_dema
= close / dema - 1; dema_slope = (dema / dema five candles ago - 1) / 5, per candle.

Source: Mulloy, Smoothing data with faster moving averages, Technical Analysis of Stocks & Commodities 12 (1994);
TA-Lib, DEMA. Inputs: close. Warm-up: until the seeds' weight is below 1e-12 (the averages are weighed 2 and 1), and 5
candles.
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
    told(f, i, 2, 2, 2.0 * once - twice, c.close[t], o)


FAMILY = FeatureFamily(
    name="dema",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 21, 2, 500, "candles of the averages"),),
    outputs=outputs("dema", "double exponential average", positive=False),
    variants=((9,), (21,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: ema_warmup(n, 2, 1e-12) + RISE,
    floats=lambda n: 2 + RISE,
    ints=lambda n: 3,
)
