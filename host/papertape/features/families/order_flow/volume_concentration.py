"""How evenly the volume of the last n candles is spread over them.

volume_entropy = -sum of s ln s over the candles / ln n, s being a candle's share of the volume (0 ln 0 = 0): 1 where
all have the same, 0 where one has it all. volume_peak_share = the largest share. NaN where there was no volume.

Source: Shannon, A mathematical theory of communication (1948). Inputs: volume. Warm-up: n candles. Range: 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    v = c.volume[t]
    a, b = 2 * n + 1, n + 4
    total = window_sum(f, i, 0, 0, n, c.index[t], v)
    logs = window_sum(f, i, a, b, n, c.index[t], v * math.log(v) if v > 0.0 else 0.0)
    most = window_highest(f, i, 2 * a, 2 * b, n, c.index[t], v)
    if total > 0.0:
        o[0] = max(0.0, min(1.0, (math.log(total) - logs / total) / math.log(n)))
        o[1] = min(1.0, most / total)


FAMILY = FeatureFamily(
    name="volume_concentration",
    category="volume and order flow",
    memory="window",
    inputs=("volume",),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles that share the volume"),),
    outputs=(
        FeatureOutput("volume_entropy", "evenness of the volume over the candles", "0..1", low=0, high=1),
        FeatureOutput("volume_peak_share", "share of the volume that the busiest candle has", "0..1", low=0, high=1),
    ),
    variants=((20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
