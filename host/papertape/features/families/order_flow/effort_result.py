"""Volume of a candle against its true range: effort and result.

effort_result = ln((volume / mean volume) / (true range / mean true range)), means over the last n candles: above 0
where much volume moves little. NaN where the candle has no volume or no range.

Source: own, after Wyckoff's law of effort and result; Williams's market facilitation index, (high - low) / volume, is
its raw form. Inputs: high, low, close, volume, span. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    v, span = c.volume[t], c.span[t]
    volume = window_sum(f, i, 0, 0, n, c.index[t], v)
    spans = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], span)
    if v > 0.0 and span > 0.0:
        o[0] = math.log(v / volume * (spans / span))


FAMILY = FeatureFamily(
    name="effort_result",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume", "span"),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles of the means"),),
    outputs=(FeatureOutput("effort_result", "volume against true range, each to its mean", "log ratio"),),
    variants=((20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
