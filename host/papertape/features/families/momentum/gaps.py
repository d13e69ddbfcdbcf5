"""Gaps of the last n candles: what they add up to, and their share of all movement.

gap = ln(open / close before), body = ln(close / open); gap_return = sum of the gaps, gap_share = sum of |gap| / sum of
(|gap| + |body|) over n candles, 0 where nothing moved.

Source: plain definition; the opening jump of Yang and Zhang (2000). Inputs: open, close. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    opened = math.log(c.open[t] / c.close[t - 1])
    body = math.log(c.close[t] / c.open[t])
    o[0] = window_sum(f, i, 0, 0, n, c.index[t], opened)
    gaps = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], abs(opened))
    both = gaps + window_sum(f, i, 4 * n + 2, 2 * n + 8, n, c.index[t], abs(body))
    if both == both and gaps == gaps:
        o[1] = gaps / both if both > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="gaps",
    category="momentum",
    memory="window",
    inputs=("open", "close"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of the sums"),),
    outputs=(
        FeatureOutput("gap_return", "sum of the gaps", "log"),
        FeatureOutput("gap_share", "share of the movement that is gaps", "fraction", low=0, high=1),
    ),
    variants=((20,), (80,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
