"""Rises against falls in the log returns r of the last n candles.

sharpe = mean of r / their standard deviation (population), of single candles, not annualised, 0 where they do not vary
and their mean is 0, undefined where it is not; gain_to_pain = sum of r / sum of |r|, 0 where nothing moves.

Source: Sharpe, The Sharpe ratio (1994); Schwager, Hedge Fund Market Wizards (2012), for gain to pain, here against all
movement, not falls alone. Inputs: close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import (
    moments_floats,
    sum_floats,
    window_ints,
    window_moments,
    window_sum,
)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    r, at = c.gain[t], c.index[t]
    path = window_sum(f, i, 0, 0, n, at, abs(r))
    mean, squares = window_moments(f, i, 2 * n + 1, n + 4, n, at, r)
    if squares > 0.0:
        o[0] = mean / math.sqrt(squares / n)
    elif mean == 0.0:
        o[0] = 0.0
    o[1] = 0.0 if path == 0.0 else min(max(mean * n / path, -1.0), 1.0)


FAMILY = FeatureFamily(
    name="return_balance",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 50, 3, 1000, "returns of the window"),),
    outputs=(
        FeatureOutput("sharpe", "mean of log returns against their deviation", "1"),
        FeatureOutput("gain_to_pain", "net movement against all movement, signed", "fraction", low=-1, high=1),
    ),
    variants=((20,), (50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=lambda n: sum_floats(n) + moments_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
