"""Standard deviation and variance of the close.

variance = sum of (close - mean)^2 / n over the last n closes; stddev = its square root: the population's.

Source: TA-Lib, STDDEV and VAR. Where TA-Lib takes a variance at the edge of its rounding for 0, here is the
variance itself. Inputs: close. Warm-up: n candles. Unit: quote currency, and its square.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    _, squares = window_moments(f, i, 0, 0, n, c.index[t], c.close[t])
    o[0] = math.sqrt(squares / n)
    o[1] = squares / n


FAMILY = FeatureFamily(
    name="stddev",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "closes"),),
    outputs=(
        FeatureOutput("stddev", "deviation of the close", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("variance", "variance of the close", "quote currency squared", low=0, scale="close", level=True),
    ),
    variants=((5,), (20,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: moments_floats(n),
    ints=lambda n: window_ints(n),
)
