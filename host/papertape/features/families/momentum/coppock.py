"""Coppock curve: two rates of change, added and smoothed with falling weights.

roc_n = 100 (close / close n candles ago - 1); coppock = weighted mean of the last w values of roc_a + roc_b, weights w
for the newest to 1 for the oldest.

Source: Coppock, Realistic Stock Market Analysis (1962); TA-Lib, COPPOCK. Inputs: close. Warm-up: max(a, b) + w candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    w = int(p[0])
    place = i[0]
    f[place] = 100.0 * (c.close[t] / c.close[t - int(p[1])] + c.close[t] / c.close[t - int(p[2])] - 2.0)
    i[0] = place + 1 if place + 1 < w else 0
    total = 0.0
    for k in range(w):
        total += (w - k) * f[place]
        place = place - 1 if place > 0 else w - 1
    o[0] = total / (0.5 * w * (w + 1))


FAMILY = FeatureFamily(
    name="coppock",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("w", 10, 1, 200, "values of the weighted mean"),
        FeatureParameter("a", 11, 1, 1000, "candles of one rate of change"),
        FeatureParameter("b", 14, 1, 1000, "candles of the other"),
    ),
    outputs=(FeatureOutput("coppock", "weighted mean of two rates of change", "percent", low=-200),),
    variants=((10, 11, 14), (30, 35, 45)),
    step=step,
    definition=__doc__,
    warmup=lambda w, a, b: int(max(a, b) + w),
    reach=lambda w, a, b: int(max(a, b)) + 1,
    floats=lambda w, a, b: int(w),
    ints=lambda w, a, b: 1,
)
