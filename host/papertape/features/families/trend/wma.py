"""Linearly weighted moving average: its level, how far the close is from it, and its slope.

wma = sum of w x over the last n closes / sum of w, w = n for the newest down to 1 for the oldest; price_vs_wma = close
/ wma - 1; wma_slope = (wma / wma five candles ago - 1) / 5, per candle.

Source: TA-Lib, WMA. Inputs: close. Warm-up: n + 5 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.families.trend.weighing import weighted


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    told(f, i, 0, 0, weighted(c.close, t, int(p[0])), c.close[t], o)


FAMILY = FeatureFamily(
    name="wma",
    category="trend",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 200, "candles of the average"),),
    outputs=outputs("wma", "linearly weighted average"),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + RISE,
    reach=lambda n: int(n),
    floats=lambda n: RISE,
    ints=lambda n: 1,
)
