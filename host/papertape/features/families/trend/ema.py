"""Exponential moving average, and how far the close is from it.

ema = ema' + 2 / (n + 1) (close - ema'), seeded with the mean of the first n closes; price_vs_ema = close / ema - 1.

Source: TA-Lib, EMA. Inputs: close. Warm-up: about 10.4 (n + 1) candles, until the seed's weight is below 1e-9.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    average = ema(f, i, 0, 0, int(p[0]), c.close[t])
    o[0] = average
    o[1] = c.close[t] / average - 1.0


FAMILY = FeatureFamily(
    name="ema",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 21, 2, 1000, "candles of the average"),),
    outputs=(
        FeatureOutput("ema", "exponential average of the close", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("price_vs_ema", "close above its exponential average", "fraction", low=-1),
    ),
    variants=((9,), (12,), (21,), (26,), (50,), (100,), (200,)),
    step=step,
    definition=__doc__,
    warmup=ema_warmup,
    floats=lambda n: 1,
    ints=lambda n: 1,
)
