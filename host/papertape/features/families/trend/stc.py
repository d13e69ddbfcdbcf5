"""Schaff trend cycle: where the distance of two averages stands in its own recent range.

m = EMA(close, fast) - EMA(close, slow); r = 100 (m - lowest) / (highest - lowest) over the last `cycle` values of m, 50
where that range is at most 1e-6 of the close; stc = mean of the last three r.

Source: Schaff, the trend cycle (1999), in the form with one stochastic (Skender, Stock Indicators, Stc, which gives 0
where there is no range); other programs take the stochastic of the stochastic. Inputs: close. Warm-up: until the
averages' seeds weigh less than 1e-15, as the range is small beside the price, and the candles of the range. Unit: 0 to
100.
"""

import math
from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest

BAND: Final = 1e-6


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[2])
    close = c.close[t]
    line = ema(f, i, 0, 0, int(p[0]), close) - ema(f, i, 1, 1, int(p[1]), close)
    highest = window_highest(f, i, 4, 2, n, c.index[t], line)
    lowest = window_lowest(f, i, 5 + 2 * n, 6 + n, n, c.index[t], line)
    place = math.nan
    if highest == highest:
        room = highest - lowest
        place = 100.0 * (line - lowest) / room if room > BAND * close else 50.0
    o[0] = (place + f[2] + f[3]) / 3.0
    f[3] = f[2]
    f[2] = place


FAMILY = FeatureFamily(
    name="stc",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("fast", 23, 2, 500, "candles of the fast average"),
        FeatureParameter("slow", 50, 2, 500, "candles of the slow average"),
        FeatureParameter("cycle", 10, 2, 500, "candles of the range"),
    ),
    outputs=(
        FeatureOutput("stc", "the averages' distance within its recent range", "0..100", low=0, high=100, scale=100),
    ),
    variants=((23, 50, 10), (23, 50, 30)),
    step=step,
    definition=__doc__,
    warmup=lambda fast, slow, cycle: ema_warmup(max(fast, slow), 1, 1e-15) + int(cycle) + 2,
    floats=lambda fast, slow, cycle: 4 + 2 * sum_floats(cycle),
    ints=lambda fast, slow, cycle: 2 + 2 * window_ints(cycle),
)
