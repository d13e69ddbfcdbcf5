"""Skewness and excess kurtosis of the log returns of the last n candles.

With m2, m3, m4 the mean powers of the differences from the mean of the n returns: skew = m3 / m2^1.5, kurtosis = m4 /
m2^2 - 3: the population estimators g1 and g2, not corrected for small samples (pandas corrects them). Undefined where
returns do not vary: where their variance is below 1e-10 of their mean square.

Source: Joanes, Gill, Comparing measures of sample skewness and kurtosis (1998), g1 and g2. Inputs: close. Warm-up: n +
1 candles. The mean powers follow from sums of the returns' own powers: returns lie around zero, so few digits are
lost.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

FLAT = 1e-10


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    floats, ints = 2 * n + 1, n + 4
    v = c.gain[t]
    at = c.index[t]
    mean = window_sum(f, i, 0, 0, n, at, v) / n
    second = window_sum(f, i, floats, ints, n, at, v * v) / n
    third = window_sum(f, i, 2 * floats, 2 * ints, n, at, v * v * v) / n
    fourth = window_sum(f, i, 3 * floats, 3 * ints, n, at, v * v * v * v) / n
    variance = second - mean * mean
    if variance > FLAT * second:
        o[0] = (third - 3.0 * mean * second + 2.0 * mean**3) / (variance * math.sqrt(variance))
        o[1] = max(
            (fourth - 4.0 * mean * third + 6.0 * mean**2 * second - 3.0 * mean**4) / (variance * variance) - 3.0, -2.0
        )


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
    floats=lambda n: 4 * sum_floats(n),
    ints=lambda n: 4 * window_ints(n),
)
