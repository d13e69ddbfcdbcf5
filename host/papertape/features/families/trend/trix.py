"""Trix: the change of a close that is averaged three times.

e = EMA(EMA(EMA(close, n), n), n), each seeded with the mean of its first n values; trix = e / e one candle ago - 1.

Source: Hutson, Good Trix, Technical Analysis of Stocks & Commodities 1 (1983); TA-Lib, TRIX, which gives it in percent:
100 times this. Inputs: close. Warm-up: until the seeds' weight is below 1e-12, as a change is small beside the price.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    thrice = ema(f, i, 2, 2, n, ema(f, i, 1, 1, n, ema(f, i, 0, 0, n, c.close[t])))
    o[0] = thrice / f[3] - 1.0
    f[3] = thrice


FAMILY = FeatureFamily(
    name="trix",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 15, 2, 300, "candles of the averages"),),
    outputs=(FeatureOutput("trix", "change of the triple average", "fraction per candle", low=-1, scale=0.001),),
    variants=((9,), (15,), (30,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: ema_warmup(n, 3, 1e-12) + 1,
    floats=lambda n: 4,
    ints=lambda n: 3,
)
