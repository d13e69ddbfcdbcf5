"""Whether the volume is where the moves are.

volume_volatility = sqrt(sum of v r^2 / sum of v) / sqrt(sum of r^2 / n) over the last n log returns r and their volumes
v: above 1 where large moves come with much volume; NaN where nothing moves or nothing is traded.

Source: our own; a volume-weighted deviation over the plain one, both around 0. Inputs: close, volume. Warm-up: n + 1
candles. Unit: ratio, up to sqrt(n).
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    floats, ints = 2 * n + 1, n + 4
    square = c.gain[t] * c.gain[t]
    plain = window_sum(f, i, 0, 0, n, c.index[t], square)
    volume = window_sum(f, i, floats, ints, n, c.index[t], c.volume[t])
    weighted = window_sum(f, i, 2 * floats, 2 * ints, n, c.index[t], c.volume[t] * square)
    if plain > 0.0 and volume > 0.0:
        o[0] = math.sqrt(weighted / volume / (plain / n))


FAMILY = FeatureFamily(
    name="volume_volatility",
    category="volatility",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 50, 2, 1000, "log returns"),),
    outputs=(FeatureOutput("volume_volatility", "volatility by volume over volatility by candle", "ratio", low=0),),
    variants=((20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
