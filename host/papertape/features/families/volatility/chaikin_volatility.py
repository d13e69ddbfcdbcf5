"""Chaikin's volatility: growth of the average range of a candle.

a = exponential average over n candles of high - low; chaikin_volatility = a / a m candles before - 1, where both are
taken as at least a millionth of the close, so that a market which stands still gives 0.

Source: Achelis, Technical Analysis from A to Z (1995); TA-Lib, CVI, which has 100 times the value. Inputs: high, low,
close (for the least range). Warm-up: until the seed's weight is below 1e-15, as the value divides by what may be small,
and m candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

LEAST = 1e-6


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    m = int(p[1])
    now = ema(f, i, 0, 0, int(p[0]), c.high[t] - c.low[t])
    k = i[1]
    before = f[1 + k]
    f[1 + k] = now
    i[1] = k + 1 if k + 1 < m else 0
    least = LEAST * c.close[t]
    o[0] = (now if now > least else least) / (before if before > least else least) - 1.0


FAMILY = FeatureFamily(
    name="chaikin_volatility",
    category="volatility",
    memory="decaying",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 10, 2, 500, "candles of the average"),
        FeatureParameter("m", 10, 1, 500, "candles back"),
    ),
    outputs=(FeatureOutput("chaikin_volatility", "growth of the average range", "fraction", low=-1),),
    variants=((10, 10), (20, 20), (10, 50)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: ema_warmup(n, tolerance=1e-15) + int(m),
    floats=lambda n, m: 1 + int(m),
    ints=lambda n, m: 2,
)
