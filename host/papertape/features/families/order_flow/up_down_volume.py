"""Volume of rising candles against that of falling ones, candle for candle.

up_down_volume = ln(mean volume of the last n candles' rises / mean volume of their falls): above 0 where more is traded
when the close rises, whichever of the two is more frequent. NaN where the n candles lack either, or its volume is 0.

Source: own; the ratio of the two sums is O'Neil's up/down volume ratio (How to Make Money in Stocks, 1988). The means
stand in for the sums since those say what obv_flow says. Inputs: close, volume. Warm-up: n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.signed_volume import sign
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    at, v = c.index[t], c.volume[t]
    side = sign(c.close[t] - c.close[t - 1])
    a, b = 2 * n + 1, n + 4
    up = window_sum(f, i, 0, 0, n, at, v * max(side, 0.0) if side == side else side)
    down = window_sum(f, i, a, b, n, at, v * max(-side, 0.0) if side == side else side)
    net = window_sum(f, i, 2 * a, 2 * b, n, at, side)
    moves = window_sum(f, i, 3 * a, 3 * b, n, at, abs(side))
    rises, falls = 0.5 * (moves + net), 0.5 * (moves - net)
    if up > 0.0 and down > 0.0:
        o[0] = math.log(up / rises / (down / falls))


FAMILY = FeatureFamily(
    name="up_down_volume",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 50, 3, 2000, "candles that are compared"),),
    outputs=(FeatureOutput("up_down_volume", "mean volume of rises against falls", "log ratio"),),
    variants=((20,), (50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 4 * sum_floats(n),
    ints=lambda n: 4 * window_ints(n),
)
