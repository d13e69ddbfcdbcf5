"""How straight the log close has risen or fallen over the last n candles.

trend_correlation = Pearson's correlation r of the log close with the candle number over the last n candles, so that a
gap counts as long as it is; 0 where the close does not move. trend_tstat = r sqrt((n - 2) / (1 - r^2)), the t
statistic of the slope, 1 - r^2 being taken as 1e-9 at least, where rounding hides what is smaller.

Source: textbook (simple linear regression). Inputs: close. Warm-up: n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints

LEAST = 1e-9


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    _, xx, _, yy, xy = window_comoments(f, i, 0, 0, n, c.index[t], c.index[t], math.log(c.close[t]))
    r = correlation(xx, yy, xy)
    o[0] = r
    if r == r:
        o[1] = r * math.sqrt((n - 2.0) / max(1.0 - r * r, LEAST))


FAMILY = FeatureFamily(
    name="trend_strength",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 50, 4, 1000, "candles of the window"),),
    outputs=(
        FeatureOutput("trend_correlation", "correlation of the log close with time", "1", low=-1, high=1),
        FeatureOutput("trend_tstat", "t statistic of the slope of the log close", "1"),
    ),
    variants=((20,), (50,), (150,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=comoments_floats,
    ints=window_ints,
)
