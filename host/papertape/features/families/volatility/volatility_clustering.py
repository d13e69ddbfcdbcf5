"""Volatility clustering: whether large moves follow large ones.

volatility_clustering = sum of (|r| - mean) (|r'| - mean) over the n - 1 pairs of neighbours / sum of (|r| - mean)^2,
over the last n log returns r: the autocorrelation of |r| at lag 1; NaN where all |r| are alike.

Source: Box, Jenkins, Time Series Analysis (1970), the autocorrelation; Mandelbrot (1963), the clustering. Inputs:
close. Warm-up: n + 1 candles. Unit: -1 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

ALIKE = 1e-9


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    mean = window_sum(f, i, 0, 0, n, c.index[t], abs(c.gain[t])) / n
    if mean == mean:
        last = abs(c.gain[t - n + 1]) - mean
        squares, products = last * last, 0.0
        for k in range(n - 2, -1, -1):
            off = abs(c.gain[t - k]) - mean
            squares += off * off
            products += off * last
            last = off
        alike = ALIKE * mean
        o[0] = products / squares if squares > n * alike * alike else math.nan


FAMILY = FeatureFamily(
    name="volatility_clustering",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 50, 3, 100, "log returns"),),
    outputs=(
        FeatureOutput("volatility_clustering", "autocorrelation of the size of moves", "correlation", low=-1, high=1),
    ),
    variants=((20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: int(n),
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
