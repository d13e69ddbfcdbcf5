"""Change of volatility: against what it was, over a window that shares no return with this one.

volatility_change = ln(v / v n candles before), v = volatility over n log returns; NaN where one of them is 0.

Source: sample deviations as `volatility`. Inputs: close. Warm-up: 2 n + 1 candles. Unit: log ratio.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.realised import deviation
from papertape.features.primitives.windows import moments_floats, window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    v = deviation(f, i, n, 1, n, c.index[t], c.gain[t])
    k = i[0]
    before = f[k]
    f[k] = v
    i[0] = k + 1 if k + 1 < n else 0
    o[0] = math.log(v / before) if v > 0.0 and before > 0.0 else math.nan


FAMILY = FeatureFamily(
    name="volatility_change",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "log returns of a volatility, and candles between the two"),),
    outputs=(FeatureOutput("volatility_change", "volatility against the one before", "log ratio"),),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 2 * int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: int(n) + moments_floats(n),
    ints=lambda n: 1 + window_ints(n),
)
