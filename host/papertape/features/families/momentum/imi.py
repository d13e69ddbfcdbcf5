"""Intraday momentum index and Q stick: what the candles' bodies say.

imi = 100 U / (U + D), U and D being the sums over n candles of the rising and of the falling bodies, 50 where there are
none; qstick = mean of close - open over n candles.

Source: Chande and Kroll, The New Technical Trader (1994); TA-Lib, IMI and QSTICK. Inputs: open, close. Warm-up: n
candles. Where a candle opens at the close before, imi is (100 + cmou) / 2 and qstick momentum / n, so both are offered
by name alone.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    body = c.close[t] - c.open[t]
    up = window_sum(f, i, 0, 0, n, c.index[t], max(body, 0.0))
    down = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], max(-body, 0.0))
    both = up + down
    if both == both:
        o[0] = 100.0 * up / both if both > 0.0 else 50.0
    o[1] = (up - down) / n


FAMILY = FeatureFamily(
    name="imi",
    category="momentum",
    memory="window",
    inputs=("open", "close"),
    parameters=(FeatureParameter("n", 14, 1, 1000, "candles of the sums"),),
    outputs=(
        FeatureOutput("imi", "share of the bodies that rose", "0..100", 0, 100, scale=100, level=True),
        FeatureOutput("qstick", "mean body", "quote currency", scale="close", level=True),
    ),
    variants=((14,),),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
