"""Negative and positive volume index as changes over the last n candles.

nvi_change = product of close / close' over those of the n candles whose volume fell, - 1; pvi_change, over those whose
volume rose: the relative changes of the two indices over n candles, whose beginnings do not matter.

Source: Fosback, Stock Market Logic (1976); TA-Lib, NVI and PVI. Inputs: volume, gain. Warm-up: n + 1 candles.
Unit: fraction.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    gain, more = c.gain[t], c.volume[t] - c.volume[t - 1]
    calm = gain if more < 0.0 or more != more else 0.0
    busy = gain if more > 0.0 or more != more else 0.0
    o[0] = math.expm1(window_sum(f, i, 0, 0, n, c.index[t], calm))
    o[1] = math.expm1(window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], busy))


FAMILY = FeatureFamily(
    name="volume_indices",
    category="volume and order flow",
    memory="window",
    inputs=("volume", "gain"),
    parameters=(FeatureParameter("n", 20, 1, 2000, "candles of the change"),),
    outputs=(
        FeatureOutput("nvi_change", "return of the candles whose volume fell", "fraction", low=-1),
        FeatureOutput("pvi_change", "return of the candles whose volume rose", "fraction", low=-1),
    ),
    variants=((20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
