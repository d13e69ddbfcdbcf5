"""Volume flow indicator: on-balance volume without the moves that mean nothing and the volume that is out of all order.

With typical price p = (high + low + close) / 3, s = standard deviation (population) of the last 30 ln(p / p') and m =
mean volume of the n candles before the candle: a candle adds min(volume, 2.5 m) with the sign of p - p' where |p - p'|
is more than 0.2 s close, else 0; vfi = what the last n candles add / m; NaN where m is 0.

Source: Katsanos, Using money flow to stay with the trend, Stocks & Commodities (2004). His EMA of 3 over the result is
left out. Inputs: high, low, close, volume. Warm-up: 2 n + 1 candles, at least n + 31. Unit: candles of mean volume.
"""

import math
from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_moments, window_sum

SPREAD: Final = 30
CUT: Final = 0.2
MOST: Final = 2.5


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    price = c.high[t] + c.low[t] + c.close[t]
    before = c.high[t - 1] + c.low[t - 1] + c.close[t - 1]
    _, squares = window_moments(f, i, 1, 0, SPREAD, c.index[t], math.log(price / before))
    a, b = 3 * SPREAD + 3, SPREAD + 4
    mean = f[0] if before == before else math.nan
    f[0] = window_sum(f, i, a, b, n, c.index[t], c.volume[t]) / n
    moved = (price - before) / 3.0
    least = CUT * math.sqrt(squares / SPREAD) * c.close[t]
    added = math.nan
    if least == least and mean == mean:
        added = min(c.volume[t], MOST * mean)
        added = added if moved > least else (-added if moved < -least else 0.0)
    net = window_sum(f, i, a + 2 * n + 1, b + n + 4, n, c.index[t], added)
    if mean > 0.0:
        o[0] = net / mean


FAMILY = FeatureFamily(
    name="volume_flow_indicator",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 130, 2, 2000, "candles of the sums"),),
    outputs=(FeatureOutput("vfi", "volume flow of moves that count", "candles"),),
    variants=((30,), (130,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + max(int(n), SPREAD) + 1,
    reach=lambda n: 2,
    floats=lambda n: 1 + moments_floats(SPREAD) + 2 * sum_floats(n),
    ints=lambda n: window_ints(SPREAD) + 2 * window_ints(n),
)
