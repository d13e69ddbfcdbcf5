"""Return over volatility: the mean return of a candle against its standard deviation.

return_to_volatility = mean / s of the last n log returns, s their standard deviation (population); 0 where s is below
1e-12.

Source: Sharpe, The Sharpe Ratio (1994), without a risk-free rate and not annualised. Inputs: close. Warm-up: n + 1
candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments

BAND = 1e-12


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    mean, squares = window_moments(f, i, 0, 0, n, c.index[t], c.gain[t])
    if squares == squares:
        s = math.sqrt(squares / n)
        o[0] = mean / s if s > BAND else 0.0


FAMILY = FeatureFamily(
    name="return_to_volatility",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of the returns"),),
    outputs=(FeatureOutput("return_to_volatility", "mean return in standard deviations", "standard deviations"),),
    variants=((8,), (20,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=moments_floats,
    ints=window_ints,
)
