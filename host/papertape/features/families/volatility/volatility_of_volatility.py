"""Volatility of volatility: how unsteady it is, and how unusual now.

v = volatility over n log returns; volatility_of_volatility = standard deviation (population) of the last m v / their
mean, NaN where the mean is 0; volatility_zscore = (v - mean) / that deviation, 0 where all are alike.

Source: sample deviations as `volatility`; a coefficient of variation and a z-score of them. Inputs: close. Warm-up: n +
m candles. Unit: fraction of the mean; standard deviations.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.realised import deviation
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments

ALIKE = 1e-9


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, m = int(p[0]), int(p[1])
    v = deviation(f, i, 0, 0, n, c.index[t], c.gain[t])
    mean, squares = window_moments(f, i, 3 * n + 2, n + 4, m, c.index[t], v)
    spread = math.sqrt(squares / m)
    o[0] = math.nan if mean == 0.0 else spread / mean
    o[1] = 0.0 if spread <= ALIKE * mean else (v - mean) / spread


FAMILY = FeatureFamily(
    name="volatility_of_volatility",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 20, 2, 1000, "log returns of a volatility"),
        FeatureParameter("m", 50, 2, 1000, "volatilities"),
    ),
    outputs=(
        FeatureOutput("volatility_of_volatility", "deviation of the volatility against its mean", "fraction", low=0),
        FeatureOutput("volatility_zscore", "volatility against its last values", "standard deviations"),
    ),
    variants=((10, 20), (20, 50), (20, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: int(n) + int(m),
    reach=lambda n, m: 2,
    floats=lambda n, m: moments_floats(n) + moments_floats(m),
    ints=lambda n, m: window_ints(n) + window_ints(m),
)
