"""Money flow index: how much of the recent turnover came with a rising typical price.

price = (high + low + close) / 3, flow = price volume; mfi = 100 P / (P + N), P and N being the sums over n candles of
the flows with a rising and with a falling price; 0 where neither is. Prices are the same where they differ by 1e-14 of
their sum at most, which is rounding (TA-Lib's dead band).

Source: Quong and Soudack, Volume-Weighted RSI: Money Flow (1989); TA-Lib, MFI. Inputs: high, low, close, volume.
Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

BAND = 1e-14


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    price = (c.high[t] + c.low[t] + c.close[t]) / 3.0
    before = (c.high[t - 1] + c.low[t - 1] + c.close[t - 1]) / 3.0
    change, band = price - before, BAND * (price + before)
    flow = price * c.volume[t]
    known = change == change
    up = window_sum(f, i, 0, 0, n, c.index[t], (flow if change > band else 0.0) if known else change)
    down = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], (flow if change < -band else 0.0) if known else change)
    both = up + down
    if both == both:
        o[0] = 100.0 * up / both if both > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="mfi",
    category="momentum",
    memory="window",
    inputs=("high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 14, 2, 1000, "candles of the sums"),),
    outputs=(FeatureOutput("mfi", "share of the turnover with a rising price", "0..100", 0, 100, scale=100),),
    variants=((7,), (14,), (40,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
