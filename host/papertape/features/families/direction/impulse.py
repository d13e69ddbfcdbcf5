"""Elder's impulse: whether trend and momentum move the same way.

1 where both the exponential average of n closes and the macd histogram (12, 26, 9) are above their values one candle
ago, -1 where both are below, 0 otherwise. Dead band: 1e-9 of the close for both.

Source: Elder, Come Into My Trading Room (2002), Impulse System. Inputs: close. Warm-up: until the seeds' weights are
below 1e-12. Values: -1, 0, 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

FAST = 12
SLOW = 26
SIGNAL = 9
BAND = 1e-9


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    close = c.close[t]
    band = BAND * close
    before = f[0]
    moved = ema(f, i, 0, 0, int(p[0]), close) - before
    line = ema(f, i, 1, 1, FAST, close) - ema(f, i, 2, 2, SLOW, close)
    hist = line - ema(f, i, 3, 3, SIGNAL, line)
    quickened = hist - f[4]
    f[4] = hist
    if moved != moved or quickened != quickened:
        return
    o[0] = 0.0
    if moved > band and quickened > band:
        o[0] = 1.0
    elif moved < -band and quickened < -band:
        o[0] = -1.0


FAMILY = FeatureFamily(
    name="impulse",
    category="direction",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 13, 2, 500, "candles of the average"),),
    outputs=(FeatureOutput("impulse", "average and macd histogram move the same way", "sign", low=-1, high=1),),
    variants=((13,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: max(ema_warmup(n, 1, 1e-12), ema_warmup(SLOW, 1, 1e-13) + ema_warmup(SIGNAL, 1, 1e-12)) + 1,
    floats=lambda n: 5,
    ints=lambda n: 4,
)
