"""Average true range over a window that adapts to the market: short where it runs, long where it wanders.

e = |close - close n before| / sum of the last n changes of the close, without sign (Kaufman's efficiency, 0 where
nothing moves); m = 2 n - 1.5 n e, so from n / 2 to 2 n candles; atr_dynamic = mean of the last m true ranges / close, a
part of m beyond whole candles weighing the oldest one.

Source: this definition is our own; the efficiency ratio is from Kaufman, Smarter Trading (1995). No other library has
it. Inputs: high, low, close. Warm-up: 2 n + 2 candles. Unit: fraction of the close.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    path = window_sum(f, i, 0, 0, n, c.index[t], abs(c.close[t] - c.close[t - 1]))
    if path == path:
        efficiency = min(abs(c.close[t] - c.close[t - n]) / path, 1.0) if path > 0.0 else 0.0
        m = 2.0 * n - 1.5 * n * efficiency
        whole = math.floor(m)
        total = 0.0
        for k in range(int(whole)):
            total += c.span[t - k]
        if m > whole:
            total += (m - whole) * c.span[t - int(whole)]
        o[0] = total / m / c.close[t]


FAMILY = FeatureFamily(
    name="atr_dynamic",
    category="volatility",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 14, 2, 100, "candles of the efficiency; the average takes half to twice as many"),
    ),
    outputs=(
        FeatureOutput("atr_dynamic", "adaptive average true range against the close", "fraction", low=0, scale=0.01),
    ),
    variants=((7,), (14,), (28,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 2 * int(n) + 2,
    reach=lambda n: 2 * int(n) + 1,
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
