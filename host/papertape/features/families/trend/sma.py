"""Simple moving average: its level, how far the close is from it, and its slope.

sma = mean of the last n closes; price_vs_sma = close / sma - 1; sma_slope = (sma / sma five candles ago - 1) / 5, per
candle.

Source: TA-Lib, SMA. Inputs: close. Warm-up: n + 5 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    average = window_sum(f, i, RISE, 1, n, c.index[t], c.close[t]) / n
    told(f, i, 0, 0, average, c.close[t], o)


FAMILY = FeatureFamily(
    name="sma",
    category="trend",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of the average"),),
    outputs=outputs("sma", "simple average"),
    variants=((10,), (20,), (50,), (100,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + RISE,
    floats=lambda n: RISE + sum_floats(n),
    ints=lambda n: 1 + window_ints(n),
)
