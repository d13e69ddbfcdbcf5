"""The shape of the log returns of the last n candles, from their quantiles: outliers move it little.

With q(x) the quantiles of the n returns, linear between neighbours: tail_ratio = |q(0.95)| / |q(0.05)|, undefined
where the latter is 0; quantile_skew = (q(0.75) + q(0.25) - 2 q(0.5)) / (q(0.75) - q(0.25)), 0 where the latter is 0;
tail_weight = (q(0.95) - q(0.05)) / (q(0.75) - q(0.25)), undefined where the latter is 0, 2.44 for normal returns;
return_mad = median of |r - q(0.5)|; robust_zscore = (newest return - q(0.5)) / (1.4826 return_mad), undefined where
that is 0.

Source: Bowley, Elements of Statistics (1920); Crow, Siddiqui (1967) for the weight of tails; Iglewicz, Hoaglin, How to
detect and handle outliers (1993), for the robust score. Inputs: close. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.sorted_window import (
    INTS,
    absolute_deviation,
    quantile,
    sorted_floats,
    sorted_window,
)

NORMAL = 1.4826  # standard deviations of a normal distribution in its median absolute deviation


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    if not sorted_window(f, i, 0, 0, n, c.gain[t]):
        return
    lowest, low, middle = quantile(f, 0, n, 0.05), quantile(f, 0, n, 0.25), quantile(f, 0, n, 0.5)
    high, highest = quantile(f, 0, n, 0.75), quantile(f, 0, n, 0.95)
    if lowest != 0.0:
        o[0] = abs(highest) / abs(lowest)
    o[1] = 0.0
    if high > low:
        o[1] = min(max((high + low - 2.0 * middle) / (high - low), -1.0), 1.0)
        o[2] = (highest - lowest) / (high - low)
    deviation = absolute_deviation(f, 0, n, middle)
    o[3] = deviation
    if deviation > 0.0:
        o[4] = (c.gain[t] - middle) / (NORMAL * deviation)


FAMILY = FeatureFamily(
    name="return_quantiles",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 100, 10, 1000, "returns of the window"),),
    outputs=(
        FeatureOutput("tail_ratio", "large rises against large falls", "1", low=0),
        FeatureOutput("quantile_skew", "skewness of the middle half of returns", "1", low=-1, high=1),
        FeatureOutput("tail_weight", "spread of nearly all returns against that of the middle half", "1", low=1),
        FeatureOutput("return_mad", "median absolute deviation of log returns", "log of price", low=0),
        FeatureOutput("robust_zscore", "log return from the median, in robust standard deviations", "1"),
    ),
    variants=((50,), (100,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=sorted_floats,
    ints=lambda n: INTS,
)
