"""Whether the log close of the last candles comes back to its mean, and how fast.

The n last log returns r are regressed on the log close x before each, with a constant: r = a + b x. reversion_speed =
-b; reversion_tstat = b / its standard error, the Dickey-Fuller statistic without lagged returns: -2.9 and below is
rare for a random walk; half_life = -log 2 / log(1 + b) candles, at most n, n where b is not below 0 (no return), 0
where b is -1 or below. Where x does not move: speed 0, half-life n, statistic undefined.

Source: Dickey, Fuller, Distribution of the estimators for autoregressive time series with a unit root (1979); Chan,
Algorithmic Trading (2013), for the half-life. Inputs: close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, window_comoments
from papertape.features.primitives.windows import window_ints

LEAST = 1e-12


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    _, xx, _, yy, xy = window_comoments(f, i, 0, 0, n, c.index[t], math.log(c.close[t - 1]), c.gain[t])
    if xx != xx:
        return
    slope = xy / xx if xx > 0.0 else 0.0
    rest = yy - slope * xy
    o[0] = -slope
    if xx > 0.0 and rest > LEAST * yy:
        o[1] = slope / math.sqrt(rest / (n - 2.0) / xx)
    o[2] = n
    if slope <= -1.0:
        o[2] = 0.0
    elif slope < 0.0:
        o[2] = min(-math.log(2.0) / math.log1p(slope), float(n))


FAMILY = FeatureFamily(
    name="mean_reversion",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 100, 10, 1000, "returns of the window"),),
    outputs=(
        FeatureOutput("reversion_speed", "part of the distance from the mean that a candle takes back", "1"),
        FeatureOutput("reversion_tstat", "Dickey-Fuller statistic of the log close", "1"),
        FeatureOutput("half_life", "candles to half the distance from the mean", "candles", low=0),
    ),
    variants=((50,), (100,), (250,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=comoments_floats,
    ints=window_ints,
)
