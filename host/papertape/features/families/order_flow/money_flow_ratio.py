"""Turnover of rising typical prices against that of falling ones.

With typical price p = (high + low + close) / 3: money_flow_ratio = ln(sum of volume p where p rose / sum of volume p
where p fell), over the last n candles; NaN where one of them is 0. The money flow index is 100 / (1 + exp(-ratio)).
A change of 1e-14 of p and less is rounding, and no change.

Source: Quong, Soudack, Volume-weighted RSI: money flow, Stocks & Commodities (1989); TA-Lib, MFI. Inputs: high, low,
close, volume. Warm-up: n + 1 candles.
"""

import math
from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

LEVEL: Final = 1e-14  # of a price: what rounding may make


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    price = (c.high[t] + c.low[t] + c.close[t]) / 3.0
    change = price - (c.high[t - 1] + c.low[t - 1] + c.close[t - 1]) / 3.0
    flow = price * c.volume[t]
    least = LEVEL * price
    rose = flow if change > least or change != change else 0.0
    fell = flow if change < -least or change != change else 0.0
    up = window_sum(f, i, 0, 0, n, c.index[t], rose)
    down = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], fell)
    if up > 0.0 and down > 0.0:
        o[0] = math.log(up / down)


FAMILY = FeatureFamily(
    name="money_flow_ratio",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 14, 2, 2000, "candles of the sums"),),
    outputs=(FeatureOutput("money_flow_ratio", "turnover upwards against downwards", "log ratio"),),
    variants=((14,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
