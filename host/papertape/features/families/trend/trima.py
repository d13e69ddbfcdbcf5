"""Triangular moving average: its level, how far the close is from it, and its slope.

trima = mean over b of the mean over a of the close, with a = b = (n + 1) / 2 for an odd n, a = n / 2 and b = a + 1 for
an even one: weights that rise to the middle of the n candles and fall again; price_vs_trima = close / trima - 1;
trima_slope = (trima / trima five candles ago - 1) / 5, per candle.

Source: TA-Lib, TRIMA. Inputs: close. Warm-up: n + 5 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    first = (n + 1) // 2
    second = n // 2 + 1
    inner = window_sum(f, i, RISE, 1, first, c.index[t], c.close[t]) / first
    outer = window_sum(f, i, RISE + 2 * first + 1, 1 + first + 4, second, c.index[t], inner) / second
    told(f, i, 0, 0, outer, c.close[t], o)


FAMILY = FeatureFamily(
    name="trima",
    category="trend",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of the average"),),
    outputs=outputs("trima", "triangular average"),
    variants=((20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + RISE,
    floats=lambda n: RISE + sum_floats((n + 1) // 2) + sum_floats(n // 2 + 1),
    ints=lambda n: 1 + window_ints((n + 1) // 2) + window_ints(n // 2 + 1),
)
