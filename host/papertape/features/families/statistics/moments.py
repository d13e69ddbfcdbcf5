"""Skewness and excess kurtosis of the log returns of the last n candles.

With m2, m3, m4 the mean powers of the differences from the mean of the n returns: skew = m3 / m2^1.5, kurtosis = m4 /
m2^2 - 3: the population estimators g1 and g2, not corrected for small samples (pandas corrects them). Undefined where
returns do not vary: where their variance is below 1e-10 of their squared mean.

Source: Joanes, Gill, Comparing measures of sample skewness and kurtosis (1998), g1 and g2. Inputs: close. Warm-up: n +
1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.high_moments import high_moments_floats, window_high_moments
from papertape.features.primitives.windows import window_ints

FLAT = 1e-10


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    mean, two, three, four = window_high_moments(f, i, 0, 0, n, c.index[t], c.gain[t])
    variance = two / n
    if variance > FLAT * mean * mean:
        o[0] = three / n / (variance * math.sqrt(variance))
        o[1] = max(four / n / (variance * variance) - 3.0, -2.0)


FAMILY = FeatureFamily(
    name="moments",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 100, 8, 1000, "returns of the window"),),
    outputs=(
        FeatureOutput("skew", "skewness of log returns: above 0 where the large ones are rises", "1"),
        FeatureOutput("kurtosis", "excess kurtosis of log returns: 0 for normal ones", "1", low=-2),
    ),
    variants=((30,), (100,), (300,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=high_moments_floats,
    ints=window_ints,
)
