"""Amihud's illiquidity: how far a unit of turnover moves the price.

amihud = mean of |ln(close / close')| / (volume close) over those of the last n candles that had a trade; amihud_ratio =
ln(amihud over n / amihud over 5 n). NaN where there was no trade, the ratio also where nothing moved.

Source: Amihud, Illiquidity and stock returns, Journal of Financial Markets 5 (2002), with log returns; often shown
times 1e6. Inputs: close, volume, gain. Warm-up: 5 n + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    m = 5 * n
    at, v = c.index[t], c.volume[t]
    impact = abs(c.gain[t]) / (v * c.close[t]) if v > 0.0 else 0.0
    traded = 1.0 if v > 0.0 else 0.0
    a, b = 2 * n + 1, n + 4
    near = window_sum(f, i, 0, 0, n, at, impact)
    near_count = window_sum(f, i, a, b, n, at, traded)
    far = window_sum(f, i, 2 * a, 2 * b, m, at, impact)
    far_count = window_sum(f, i, 2 * a + 2 * m + 1, 2 * b + m + 4, m, at, traded)
    if near_count > 0.0:
        o[0] = near / near_count
    if near > 0.0 and far > 0.0:
        o[1] = math.log(near / near_count / (far / far_count))


FAMILY = FeatureFamily(
    name="amihud",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume", "gain"),
    parameters=(FeatureParameter("n", 20, 2, 400, "candles of the mean"),),
    outputs=(
        FeatureOutput("amihud", "price impact of a unit of turnover", "1 / quote currency", low=0, level=True),
        FeatureOutput("amihud_ratio", "illiquidity against its mean of five times as long", "log ratio"),
    ),
    variants=((5,), (20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 5 * int(n) + 1,
    floats=lambda n: 2 * sum_floats(n) + 2 * sum_floats(5 * n),
    ints=lambda n: 2 * window_ints(n) + 2 * window_ints(5 * n),
)
