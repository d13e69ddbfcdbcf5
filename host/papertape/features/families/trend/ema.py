"""Exponential moving average: its level, how far the close is from it, and its slope.

ema = ema' + 2 / (n + 1) (close - ema'), seeded with the mean of the first n closes; price_vs_ema = close / ema - 1;
ema_slope = (ema / ema five candles ago - 1) / 5, per candle.

Source: TA-Lib, EMA. Inputs: close. Warm-up: about 12.5 (n + 1) candles, until the seed's weight is below 1e-10 (the
price may have been many times as high then), and 25: the slope of a short average is measured against 0.01.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

SETTLED: Final = 25


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    told(f, i, 1, 1, ema(f, i, 0, 0, int(p[0]), c.close[t]), c.close[t], o)


FAMILY = FeatureFamily(
    name="ema",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 21, 2, 1000, "candles of the average"),),
    outputs=outputs("ema", "exponential average"),
    variants=((9,), (12,), (21,), (26,), (50,), (100,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: ema_warmup(n, 1, 1e-10) + SETTLED,
    floats=lambda n: 1 + RISE,
    ints=lambda n: 2,
)
