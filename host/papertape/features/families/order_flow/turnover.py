"""Turnover, as candles let one guess it: volume times typical price.

turnover_mean = mean over the last n candles of volume (high + low + close) / 3; turnover_shift = (their turnover - that
of the n candles before) / both together, NaN where there was no trade.

Source: own; the typical price stands in for the prices at which trades took place. Inputs: high, low, close, volume.
Warm-up: 2 n candles. Range of the shift: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    traded = c.volume[t] * ((c.high[t] + c.low[t] + c.close[t]) / 3.0)
    near = window_sum(f, i, 0, 0, n, c.index[t], traded)
    both = window_sum(f, i, 2 * n + 1, n + 4, 2 * n, c.index[t], traded)
    o[0] = near / n
    if both > 0.0:
        o[1] = max(-1.0, min(1.0, 2.0 * near / both - 1.0))


FAMILY = FeatureFamily(
    name="turnover",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 10, 1, 1000, "candles of the mean"),),
    outputs=(
        FeatureOutput("turnover_mean", "mean turnover", "quote currency", low=0, level=True),
        FeatureOutput("turnover_shift", "turnover against that of as many candles before", "-1..1", low=-1, high=1),
    ),
    variants=((10,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 2 * int(n),
    floats=lambda n: sum_floats(n) + sum_floats(2 * n),
    ints=lambda n: window_ints(n) + window_ints(2 * n),
)
