"""Relative volatility index: how much of the recent volatility came with rises.

s = standard deviation (population) of the last m closes; U and D = Wilder's averages over n candles of s where the
close rose and where it fell, 0 elsewhere; relative_volatility_index = 100 U / (U + D) = 50 + 50 (U - D) / (U + D),
where U + D is taken as at least a millionth of the close, so that a market which stands still gives 50.

Source: Dorsey, The Relative Volatility Index (Stocks and Commodities, 1993); TA-Lib, RVI. Inputs: close. Warm-up: until
the seeds' weight is below 1e-15, as the value divides by what may be small, and m candles. Unit: 0 to 100.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import wilder
from papertape.features.primitives.warmup import wilder_warmup
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments

LEAST = 1e-6


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, m = int(p[0]), int(p[1])
    _, squares = window_moments(f, i, 2, 2, m, c.index[t], c.close[t])
    spread = math.sqrt(squares / m)
    rise = c.close[t] - c.close[t - 1]
    up = wilder(f, i, 0, 0, n, spread if rise > 0.0 else spread * 0.0)
    down = wilder(f, i, 1, 1, n, spread if rise < 0.0 else spread * 0.0)
    least = LEAST * c.close[t]
    o[0] = 50.0 + 50.0 * (up - down) / (up + down if up + down > least else least)


FAMILY = FeatureFamily(
    name="relative_volatility_index",
    category="volatility",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 14, 1, 500, "candles of Wilder's averages"),
        FeatureParameter("m", 10, 2, 1000, "closes of a deviation"),
    ),
    outputs=(
        FeatureOutput(
            "relative_volatility_index", "share of volatility in rises", "0..100", low=0, high=100, scale=100
        ),
    ),
    variants=((7, 10), (14, 10), (28, 20)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: wilder_warmup(n, tolerance=1e-15) + int(m),
    reach=lambda n, m: 2,
    floats=lambda n, m: 2 + moments_floats(m),
    ints=lambda n, m: 2 + window_ints(m),
)
