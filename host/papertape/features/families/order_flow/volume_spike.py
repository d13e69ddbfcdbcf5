"""Candles of unusually high volume, and what is left of the last of them.

volume_spike = 1 where the volume is more than k standard deviations (population) above the mean of the last n volumes,
the newest included, else 0; volume_spike_age = candles since the last spike / 100, 1 where the last 100 candles had
none; volume_spike_side = where the close of that candle stood, ((close - low) - (high - close)) / (high - low), 0 where
there was none.

Source: own; the close's place is Chaikin's. Inputs: high, low, close, volume. Warm-up: n + 100 candles, for a spike
that is older is forgotten.
"""

import math
from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.close_location import close_location
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments

MEMORY: Final = 100


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    left, side = n + 4, 3 * n + 2
    v = c.volume[t]
    mean, squares = window_moments(f, i, 0, 0, n, c.index[t], v)
    deviation = math.sqrt(squares / n)
    spike = deviation > 0.0 and v - mean > p[1] * deviation
    if spike:
        i[left] = MEMORY
        f[side] = close_location(c, t)
    elif i[left] > 0:
        i[left] -= 1
    o[0] = 1.0 if spike else 0.0
    o[1] = 1.0 - i[left] / MEMORY
    o[2] = f[side] if i[left] > 0 else 0.0


FAMILY = FeatureFamily(
    name="volume_spike",
    category="volume and order flow",
    memory="path",
    inputs=("high", "low", "close", "volume"),
    parameters=(
        FeatureParameter("n", 20, 3, 1000, "candles of the mean"),
        FeatureParameter("k", 2.0, 0.1, 10, "standard deviations above it"),
    ),
    outputs=(
        FeatureOutput("volume_spike", "whether the volume is unusually high", "0 or 1", low=0, high=1),
        FeatureOutput("volume_spike_age", "hundreds of candles since the last spike", "0..1", low=0, high=1),
        FeatureOutput("volume_spike_side", "where the last spike closed in its range", "-1..1", low=-1, high=1),
    ),
    variants=((20, 2), (100, 3)),
    step=step,
    definition=__doc__,
    warmup=lambda n, k: int(n) + MEMORY,
    floats=lambda n, k: moments_floats(n) + 1,
    ints=lambda n, k: window_ints(n) + 1,
)
