"""How many standard deviations the newest close and return are from their means over the last n candles.

zscore = (close - mean) / s over the last n closes; return_zscore the same of log returns. s is the population's
standard deviation; 0 where s is 0.

Source: textbook. bb_position with n and k is 0.5 + zscore / (2 k). Inputs: close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments


@kernel
def deviations(f: Any, i: Any, a: int, b: int, n: int, index: float, v: float) -> float:
    """How many standard deviations v is from the mean of the last n values, itself among them."""
    mean, squares = window_moments(f, i, a, b, n, index, v)
    return 0.0 if squares == 0.0 else (v - mean) / math.sqrt(squares / n)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    at = c.index[t]
    o[0] = deviations(f, i, 0, 0, n, at, c.close[t])
    o[1] = deviations(f, i, 3 * n + 2, n + 4, n, at, c.gain[t])


FAMILY = FeatureFamily(
    name="zscore",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 100, 3, 1000, "candles of the window"),),
    outputs=(
        FeatureOutput("zscore", "standard deviations of the close from its mean", "1"),
        FeatureOutput("return_zscore", "standard deviations of the log return from its mean", "1"),
    ),
    variants=((30,), (100,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=lambda n: 2 * moments_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
