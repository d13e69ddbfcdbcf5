"""Bipower variation: volatility without jumps, and what the jumps are of the whole.

R = sum of r^2 over the last n log returns r; B = pi / 2 * n / (n - 1) * sum of |r| |r'| over the n - 1 pairs of
neighbours in them; bipower_volatility = sqrt(B / n), per candle; jump_share = max(1 - B / R, 0), 0 where R is 0.

Source: Barndorff-Nielsen, Shephard, Power and bipower variation with stochastic volatility and jumps (2004). Inputs:
close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

HALF_PI = math.pi / 2.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    whole = window_sum(f, i, 0, 0, n, c.index[t], c.gain[t] * c.gain[t])
    pairs = window_sum(f, i, 2 * n + 1, n + 4, n - 1, c.index[t], abs(c.gain[t]) * abs(c.gain[t - 1]))
    smooth = HALF_PI * n / (n - 1.0) * pairs
    o[0] = math.sqrt(smooth / n)
    if whole == whole:
        o[1] = 1.0 - smooth / whole if smooth < whole else 0.0


FAMILY = FeatureFamily(
    name="bipower",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 50, 3, 1000, "log returns"),),
    outputs=(
        FeatureOutput("bipower_volatility", "volatility without jumps, per candle", "log return", low=0, scale=0.01),
        FeatureOutput("jump_share", "part of the variance that came in jumps", "fraction", low=0, high=1),
    ),
    variants=((20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: sum_floats(n) + sum_floats(n - 1),
    ints=lambda n: window_ints(n) + window_ints(n - 1),
)
