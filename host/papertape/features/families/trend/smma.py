"""Smoothed moving average, which is Wilder's: a level.

smma = smma' + (close - smma') / n, seeded with the mean of the first n closes. It is the exponential average of 2 n - 1
candles but for the seed, so its distance and slope are not offered a second time.

Source: Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib, RMA. Inputs: close. Warm-up: about 28.6 n
candles, until the seed's weight is below 1e-12, as the price may have been many times as high then.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import wilder
from papertape.features.primitives.warmup import wilder_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = wilder(f, i, 0, 0, int(p[0]), c.close[t])


FAMILY = FeatureFamily(
    name="smma",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 14, 2, 500, "candles of the average"),),
    outputs=(
        FeatureOutput("smma", "Wilder's average of the close", "quote currency", low=0, scale="close", level=True),
    ),
    variants=((14,),),
    step=step,
    definition=__doc__,
    warmup=lambda n: wilder_warmup(n, 1, 1e-12),
    floats=lambda n: 1,
    ints=lambda n: 1,
)
