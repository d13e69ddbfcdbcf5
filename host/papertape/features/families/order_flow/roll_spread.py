"""Roll's spread: what the bounce between bid and ask leaves in the returns.

roll_spread = 2 sqrt(-cov), cov being the covariance (population) of ln(close / close') with that of the candle before,
over n pairs; 0 where the covariance is positive.

Source: Roll, A simple implicit measure of the effective bid-ask spread, Journal of Finance 39 (1984), with log returns
so that it is a share of the price. Inputs: close, gain. Warm-up: n + 2 candles. Unit: fraction.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    _, _, _, _, xy = window_comoments(f, i, 0, 0, n, c.index[t], c.gain[t], c.gain[t - 1])
    if xy == xy:
        o[0] = 2.0 * math.sqrt(max(0.0, -xy / n))


FAMILY = FeatureFamily(
    name="roll_spread",
    category="volume and order flow",
    memory="window",
    inputs=("close", "gain"),
    parameters=(FeatureParameter("n", 50, 3, 2000, "pairs of returns"),),
    outputs=(FeatureOutput("roll_spread", "spread implied by returns that bounce", "fraction", low=0),),
    variants=((50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 2,
    reach=lambda n: 2,
    floats=lambda n: comoments_floats(n),
    ints=lambda n: window_ints(n),
)
