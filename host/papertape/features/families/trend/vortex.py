"""Vortex: movement from the low before to the high, and from the high before to the low, against the true range.

vi_plus = sum of |high - low before| / sum of the true range, vi_minus = sum of |low - high before| / sum of the true
range, over the last n candles; 0 where nothing moved.

Source: Botes and Siepman, The vortex indicator, Technical Analysis of Stocks & Commodities 28 (2010); TA-Lib, VORTEX.
Inputs: high, low, close. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    a = 2 * n + 1
    b = n + 4
    index = c.index[t]
    spans = window_sum(f, i, 0, 0, n, index, c.span[t])
    plus = window_sum(f, i, a, b, n, index, abs(c.high[t] - c.low[t - 1]))
    minus = window_sum(f, i, 2 * a, 2 * b, n, index, abs(c.low[t] - c.high[t - 1]))
    o[0] = plus / spans if spans != 0.0 else 0.0
    o[1] = minus / spans if spans != 0.0 else 0.0


FAMILY = FeatureFamily(
    name="vortex",
    category="trend",
    memory="window",
    inputs=("high", "low", "span"),
    parameters=(FeatureParameter("n", 14, 2, 500, "candles of the sums"),),
    outputs=(
        FeatureOutput("vi_plus", "movement up, against the true range", "ratio", low=0),
        FeatureOutput("vi_minus", "movement down, against the true range", "ratio", low=0),
    ),
    variants=((14,), (34,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
