"""Chaikin money flow, and the accumulation/distribution line as a change over the last n candles.

With m = volume ((close - low) - (high - close)) / (high - low), 0 where high and low are one: ad_change = sum of m over
n candles, the difference of TA-Lib's AD to that n candles back, whose beginning does not matter; cmf = ad_change /
volume of the n candles, 0 where that is 0, as in TA-Lib.

Source: Chaikin, in Achelis, Technical Analysis from A to Z (2000); TA-Lib, AD and CMF. Inputs: high, low, close,
volume. Warm-up: n candles. Range of cmf: -1 to 1. It is the scale-free change of the line, too.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.close_location import close_location
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    v = c.volume[t]
    net = window_sum(f, i, 0, 0, n, c.index[t], v * close_location(c, t))
    total = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], v)
    o[0] = net
    if total > 0.0:
        o[1] = max(-1.0, min(1.0, net / total))
    elif total == 0.0:
        o[1] = 0.0


FAMILY = FeatureFamily(
    name="cmf",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles of the sums"),),
    outputs=(
        FeatureOutput("ad_change", "change of the accumulation/distribution line", "base", level=True),
        FeatureOutput("cmf", "Chaikin money flow", "-1..1", low=-1, high=1),
    ),
    variants=((5,), (20,), (50,), (200,)),
    aliases={"ad": "ad_change"},
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
