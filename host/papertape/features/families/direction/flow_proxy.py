"""Order-flow proxy: who had the upper hand, from where candles closed and on what volume.

side = mean of two places, each 0 where there is no range: (2 close - high' - low') / (high' - low') with high', low' of
the true range, and (close - open) / (high - low); in -1..1. flow_proxy = sum of side sqrt(volume) / sum of
sqrt(volume) over n candles, 0 without volume: the root keeps one large candle from deciding alone. flow_impulse = side
of the newest candle times its volume / mean volume of n candles, 0 without volume; in -n..n.

Source: our own; the place of the close as in Chaikin's money flow, the root of volume as in square-root impact laws
(Toth and others, Anomalous price impact, Physical Review X 2011). Inputs: open, high, low, close, volume. Warm-up: n +
1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def side(c: Columns, t: int) -> float:
    """-1..1: how far the candle closed towards its top; NaN for the first candle."""
    before, span = c.close[t - 1], c.span[t]
    if span != span:
        return math.nan
    width = c.high[t] - c.low[t]
    place = (2.0 * c.close[t] - max(c.high[t], before) - min(c.low[t], before)) / span if span > 0.0 else 0.0
    body = (c.close[t] - c.open[t]) / width if width > 0.0 else 0.0
    return 0.5 * (place + body)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    index, volume = c.index[t], c.volume[t]
    towards = side(c, t)
    root = math.sqrt(volume)
    flow = window_sum(f, i, 0, 0, n, index, towards * root)
    roots = window_sum(f, i, 2 * n + 1, n + 4, n, index, root)
    volumes = window_sum(f, i, 4 * n + 2, 2 * n + 8, n, index, volume)
    if flow == flow:
        o[0] = flow / roots if roots > 0.0 else 0.0
        o[1] = n * towards * volume / volumes if volumes > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="flow_proxy",
    category="direction",
    memory="window",
    inputs=("open", "high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of the sums"),),
    outputs=(
        FeatureOutput("flow_proxy", "upper hand over the window", "fraction", low=-1, high=1),
        FeatureOutput("flow_impulse", "upper hand of the newest candle, times its volume", "mean volumes"),
    ),
    variants=((5,), (20,), (80,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
