"""Elder ray: how far buyers lift the high, and sellers push the low, from the average.

bull_power = high - EMA(close, n), bear_power = low - EMA(close, n): in quote currency. bull_power_pct and
bear_power_pct: the same as fractions of the close.

Source: Elder, Trading for a Living (1993); TA-Lib, ERI. Inputs: high, low, close. Warm-up: about 14.8 (n + 1) candles,
until the seed's weight is below 1e-12.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    close = c.close[t]
    average = ema(f, i, 0, 0, int(p[0]), close)
    bull = c.high[t] - average
    bear = c.low[t] - average
    o[0] = bull
    o[1] = bear
    o[2] = bull / close
    o[3] = bear / close


FAMILY = FeatureFamily(
    name="elder_ray",
    category="trend",
    memory="decaying",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 13, 2, 500, "candles of the average"),),
    outputs=(
        FeatureOutput("bull_power", "high above the average", "quote currency", scale="close", level=True),
        FeatureOutput("bear_power", "low above the average", "quote currency", scale="close", level=True),
        FeatureOutput("bull_power_pct", "high above the average, against the close", "fraction", scale=0.1),
        FeatureOutput("bear_power_pct", "low above the average, against the close", "fraction", scale=0.1),
    ),
    variants=((13,), (34,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: ema_warmup(n, 1, 1e-12),
    floats=lambda n: 1,
    ints=lambda n: 1,
)
