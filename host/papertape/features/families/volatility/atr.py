"""Average true range: Wilder's average of the way that the price goes in a candle.

atr = atr' + (true range - atr') / n, seeded with the mean of the first n true ranges, the first of which is the second
candle's; atr_pct = atr / close; natr = 100 atr / close, TA-Lib's unit, a twin of atr_pct.

Source: Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib, ATR and NATR. Inputs: high, low, close.
Warm-up: about 31 n candles, until the seed's weight is below 1e-13: the values are near 0.01 of the price, and what is
forgotten may have been an outlier.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import wilder
from papertape.features.primitives.warmup import wilder_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    average = wilder(f, i, 0, 0, int(p[0]), c.span[t])
    o[0] = average
    o[1] = 100.0 * average / c.close[t]
    o[2] = average / c.close[t]


FAMILY = FeatureFamily(
    name="atr",
    category="volatility",
    memory="decaying",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 14, 1, 500, "candles of Wilder's average"),),
    outputs=(
        FeatureOutput("atr", "average true range", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("natr", "average true range against the close", "percent", low=0, scale=1.0, level=True),
        FeatureOutput("atr_pct", "average true range against the close", "fraction", low=0, scale=0.01),
    ),
    variants=((5,), (14,), (28,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: wilder_warmup(n, tolerance=1e-13) + 1,
    reach=lambda n: 2,
    floats=lambda n: 1,
    ints=lambda n: 1,
)
