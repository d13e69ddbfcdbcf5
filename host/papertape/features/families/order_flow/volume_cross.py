"""Short mean of the volume against the long one: a volume oscillator.

volume_cross = mean of the last `fast` volumes / mean of the last `slow` - 1; NaN where the long mean is 0.

Source: Achelis, Technical Analysis from A to Z (2000), volume oscillator; tulip's vosc and jesse's are 100 times it.
Inputs: volume. Warm-up: the longer of the two. Unit: fraction, from -1 to slow / fast - 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    fast, slow = int(p[0]), int(p[1])
    short = window_sum(f, i, 0, 0, fast, c.index[t], c.volume[t]) / fast
    long = window_sum(f, i, 2 * fast + 1, fast + 4, slow, c.index[t], c.volume[t]) / slow
    if long > 0.0:
        o[0] = short / long - 1.0


FAMILY = FeatureFamily(
    name="volume_cross",
    category="volume and order flow",
    memory="window",
    inputs=("volume",),
    parameters=(
        FeatureParameter("fast", 5, 1, 1000, "candles of the short mean"),
        FeatureParameter("slow", 20, 2, 2000, "candles of the long mean"),
    ),
    outputs=(FeatureOutput("volume_cross", "short mean of the volume above the long one", "fraction", low=-1),),
    variants=((5, 20), (10, 50), (20, 100), (50, 200)),
    step=step,
    definition=__doc__,
    warmup=lambda fast, slow: int(max(fast, slow)),
    floats=lambda fast, slow: sum_floats(fast) + sum_floats(slow),
    ints=lambda fast, slow: window_ints(fast) + window_ints(slow),
)
