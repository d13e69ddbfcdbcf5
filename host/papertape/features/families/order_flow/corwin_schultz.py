"""Corwin and Schultz's spread: what highs and lows of one candle and of two together say of it.

b = ln(high / low)^2 summed over two candles; g = ln(higher high / lower low)^2 of both; with k = 3 - 2 sqrt 2, alpha =
(sqrt(2 b) - sqrt b) / k - sqrt(g / k); spread = 2 (e^alpha - 1) / (1 + e^alpha), 0 where that is negative.
corwin_schultz_spread = mean of the spreads of the last n pairs of candles.

Source: Corwin, Schultz, A simple way to estimate bid-ask spreads from daily high and low prices, Journal of Finance 67
(2012). Their adjustment for gaps over night is left out. Inputs: high, low. Warm-up: n + 1 candles. Unit: fraction, 0
to 2.
"""

import math
from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

K: Final = 3.0 - 2.0 * math.sqrt(2.0)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    last = f[0] if c.low[t - 1] > 0.0 else math.nan
    now = math.log(c.high[t] / c.low[t])
    f[0] = now
    spread = math.nan
    if last == last:
        b = now * now + last * last
        g = math.log(max(c.high[t], c.high[t - 1]) / min(c.low[t], c.low[t - 1]))
        alpha = (math.sqrt(2.0 * b) - math.sqrt(b)) / K - g / math.sqrt(K)
        spread = max(0.0, 2.0 * math.tanh(0.5 * alpha))
    o[0] = window_sum(f, i, 1, 0, n, c.index[t], spread) / n


FAMILY = FeatureFamily(
    name="corwin_schultz",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low"),
    parameters=(FeatureParameter("n", 20, 1, 2000, "pairs of candles"),),
    outputs=(FeatureOutput("corwin_schultz_spread", "spread implied by highs and lows", "fraction", low=0, high=2),),
    variants=((20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 1 + sum_floats(n),
    ints=lambda n: window_ints(n),
)
