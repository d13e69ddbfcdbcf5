"""Semivolatility: the falls and the rises apart.

downside_volatility = sqrt(sum of min(r, 0)^2 / n), upside_volatility = sqrt(sum of max(r, 0)^2 / n) over the last n log
returns r, around 0 and not their mean.

Source: Markowitz, Portfolio Selection (1959); Barndorff-Nielsen, Kinnebrock, Shephard, Measuring downside risk:
realised semivariance (2010). Inputs: close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    gain = c.gain[t]
    square = gain * gain
    up = window_sum(f, i, 0, 0, n, c.index[t], 0.0 if gain < 0.0 else square)
    down = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], 0.0 if gain > 0.0 else square)
    o[0] = math.sqrt(down / n)
    o[1] = math.sqrt(up / n)


FAMILY = FeatureFamily(
    name="semivolatility",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 1, 1000, "log returns"),),
    outputs=(
        FeatureOutput("downside_volatility", "volatility of the falls, per candle", "log return", low=0, scale=0.01),
        FeatureOutput("upside_volatility", "volatility of the rises, per candle", "log return", low=0, scale=0.01),
    ),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
