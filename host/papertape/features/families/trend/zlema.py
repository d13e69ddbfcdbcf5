"""Zero-lag exponential moving average: its level, how far the close is from it, and its slope.

zlema = EMA over n candles of 2 close - close l candles ago, l = (n - 1) // 2, seeded with the mean of the first n of
these; price_vs_zlema = close / zlema - 1; zlema_slope = (zlema / zlema five candles ago - 1) / 5, per candle.

Source: Ehlers and Way, Zero lag (well, almost), Technical Analysis of Stocks & Commodities 28 (2010); TA-Lib, ZLEMA.
Inputs: close. Warm-up: l candles, about 16 (n + 1) until the seed's weight is below 1e-13, and 5.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    ahead = 2.0 * c.close[t] - c.close[t - (n - 1) // 2]
    told(f, i, 1, 1, ema(f, i, 0, 0, n, ahead), c.close[t], o)


FAMILY = FeatureFamily(
    name="zlema",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 21, 2, 500, "candles of the average"),),
    outputs=outputs("zlema", "zero-lag exponential average", positive=False),
    variants=((21,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: ema_warmup(n, 1, 1e-13) + int(n - 1) // 2 + RISE,
    reach=lambda n: int(n - 1) // 2 + 1,
    floats=lambda n: 1 + RISE,
    ints=lambda n: 2,
)
