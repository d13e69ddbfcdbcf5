"""Returns: how far the close has come in n candles, as a fraction and as a logarithm.

returns = (close - before) / before, log_returns = ln(close / before), before = the close n candles ago.

Source: Tsay, Analysis of Financial Time Series (2005), 1.1; TA-Lib, ROCP. Inputs: close. Warm-up: n + 1 candles.
log_returns tells candles apart as returns does, so it is offered by name alone.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    before = c.close[t - int(p[0])]
    o[0] = (c.close[t] - before) / before
    o[1] = math.log(c.close[t] / before)


FAMILY = FeatureFamily(
    name="returns",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 1, 1, 2000, "candles of the return"),),
    outputs=(
        FeatureOutput("returns", "change of the close over n candles", "fraction", low=-1),
        FeatureOutput("log_returns", "logarithm of the close to the close n candles ago", "log", level=True),
    ),
    variants=((1,), (2,), (5,), (20,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: int(n) + 1,
)
