"""Moving average convergence/divergence: the distance of two exponential averages, its own average, and the difference.

macd = EMA(close, fast) - EMA(close, slow); macd_signal = EMA(macd, signal); macd_hist = macd - macd_signal: in quote
currency. macd_pct, macd_signal_pct, macd_hist_pct: the same as fractions of the close. The averages are seeded with
the means of their first values; that of the fast one is taken over the closes that end where the slow one's do.

Source: Appel, The Moving Average Convergence-Divergence Trading Method (1979); TA-Lib, MACD. Inputs: close. Warm-up:
until the seeds' weight is below 1e-12 of the price, as the distance of the averages is small beside the price.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    fast = int(p[0])
    slow = int(p[1])
    close = c.close[t]
    if i[3] <= slow - fast:
        i[3] += 1
    begun = i[3] > slow - fast
    line = ema(f, i, 0, 0, fast, close if begun else math.nan) - ema(f, i, 1, 1, slow, close)
    signal = ema(f, i, 2, 2, int(p[2]), line)
    o[0] = line
    o[1] = signal
    o[2] = line - signal
    o[3] = line / close
    o[4] = signal / close
    o[5] = (line - signal) / close


PRICE = "quote currency"

FAMILY = FeatureFamily(
    name="macd",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("fast", 12, 2, 500, "candles of the fast average"),
        FeatureParameter("slow", 26, 2, 500, "candles of the slow average"),
        FeatureParameter("signal", 9, 2, 500, "candles of the distance's average"),
    ),
    outputs=(
        FeatureOutput("macd", "fast average above the slow one", PRICE, scale="close", level=True),
        FeatureOutput("macd_signal", "average of the averages' distance", PRICE, scale="close", level=True),
        FeatureOutput("macd_hist", "the averages' distance above its average", PRICE, scale="close", level=True),
        FeatureOutput("macd_pct", "fast average above the slow one, against the close", "fraction", scale=0.01),
        FeatureOutput("macd_signal_pct", "average of that distance, against the close", "fraction", scale=0.01),
        FeatureOutput(
            "macd_hist_pct", "the averages' distance above its average, against the close", "fraction", scale=0.01
        ),
    ),
    variants=((5, 35, 5), (12, 26, 9), (24, 52, 18)),
    aliases={"macd_histogram": "macd_hist_12_26_9"},
    step=step,
    definition=__doc__,
    warmup=lambda fast, slow, signal: ema_warmup(max(fast, slow, signal), 2, 1e-12),
    floats=lambda fast, slow, signal: 3,
    ints=lambda fast, slow, signal: 4,
)
