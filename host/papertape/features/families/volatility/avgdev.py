"""Mean deviation of the close from its mean, and what it says of the tails.

avgdev = sum of |close - mean| / n over the last n closes; avgdev_share = avgdev / their standard deviation
(population): 0.80 for a normal distribution, less with heavy tails, 1 where all are as far from the mean; NaN where
nothing moves.

Source: TA-Lib, AVGDEV; the share is from Geary, Moments of the ratio of the mean deviation to the standard deviation
for normal samples (1936). Inputs: close. Warm-up: n candles. Unit: quote currency; fraction, 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    mean, squares = window_moments(f, i, 0, 0, n, c.index[t], c.close[t])
    if mean == mean:
        total = 0.0
        for k in range(n):
            total += abs(c.close[t - k] - mean)
        o[0] = total / n
        spread = math.sqrt(squares / n)
        o[1] = min(total / n / spread, 1.0) if spread > 0.0 else math.nan


FAMILY = FeatureFamily(
    name="avgdev",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 14, 2, 100, "closes"),),
    outputs=(
        FeatureOutput("avgdev", "mean deviation of the close", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("avgdev_share", "mean against standard deviation of the close", "fraction", low=0, high=1),
    ),
    variants=((14,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    reach=lambda n: int(n),
    floats=lambda n: moments_floats(n),
    ints=lambda n: window_ints(n),
)
