"""Volume-weighted moving average: its level, how far the close is from it, and its slope.

vwma = sum of close x volume / sum of volume over the last n candles, NaN where there was no volume; price_vs_vwma =
close / vwma - 1; vwma_slope = (vwma / vwma five candles ago - 1) / 5, per candle.

Source: TA-Lib, VWMA. Inputs: close, volume. Warm-up: n + 5 candles. Differs from TA-Lib where the n candles have no
volume at all: TA-Lib divides what rounding has left of its running sums.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    paid = window_sum(f, i, RISE, 1, n, c.index[t], c.close[t] * c.volume[t])
    traded = window_sum(f, i, RISE + 2 * n + 1, 1 + n + 4, n, c.index[t], c.volume[t])
    told(f, i, 0, 0, paid / traded if traded > 0.0 else math.nan, c.close[t], o)


FAMILY = FeatureFamily(
    name="vwma",
    category="trend",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of the average"),),
    outputs=outputs("vwma", "volume-weighted average"),
    variants=((10,), (30,), (70,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + RISE,
    floats=lambda n: RISE + 2 * sum_floats(n),
    ints=lambda n: 1 + 2 * window_ints(n),
)
