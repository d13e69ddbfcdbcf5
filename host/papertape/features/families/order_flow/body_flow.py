"""Volume weighed with the candles' bodies.

body_flow = sum over the last n candles of volume (close - open) / (high - low), / their volume; a candle whose high and
low are one adds 0. NaN where there was no trade.

Source: own; Chaikin money flow with the body in the place of the close's location. Inputs: open, high, low, close,
volume. Warm-up: n candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    height = c.high[t] - c.low[t]
    body = (c.close[t] - c.open[t]) / height if height > 0.0 else 0.0
    net = window_sum(f, i, 0, 0, n, c.index[t], c.volume[t] * body)
    total = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], c.volume[t])
    if total > 0.0:
        o[0] = max(-1.0, min(1.0, net / total))


FAMILY = FeatureFamily(
    name="body_flow",
    category="volume and order flow",
    memory="window",
    inputs=("open", "high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles of the sums"),),
    outputs=(FeatureOutput("body_flow", "bodies against ranges, by volume", "-1..1", low=-1, high=1),),
    variants=((5,), (20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
