"""Realised volatility: standard deviation of the log returns.

volatility = sqrt(sum of (r - mean of r)^2 / (n - 1)) over the last n log returns r = ln(close / close'): the sample
deviation, per candle, not annualised. A deviation below 1e-12 is rounding of the prices and counts as 0.

Source: Hull, Options, Futures, and Other Derivatives, chapter on volatility. Inputs: close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments

ROUNDING = 1e-12


@kernel
def deviation(f: Any, i: Any, a: int, b: int, n: int, index: float, gain: float) -> float:
    """Sample deviation of the last n log returns; takes `moments_floats(n)` floats and `window_ints(n)` ints."""
    _, squares = window_moments(f, i, a, b, n, index, gain)
    spread = math.sqrt(squares / (n - 1))
    return 0.0 if spread < ROUNDING else spread


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = deviation(f, i, 0, 0, int(p[0]), c.index[t], c.gain[t])


FAMILY = FeatureFamily(
    name="realised_volatility",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "log returns"),),
    outputs=(
        FeatureOutput("volatility", "sample deviation of the log returns, per candle", "log return", low=0, scale=0.01),
    ),
    variants=((5,), (10,), (20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: moments_floats(n),
    ints=lambda n: window_ints(n),
)
