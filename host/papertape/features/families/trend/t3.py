"""Tillson's T3: its level, how far the close is from it, and its slope.

G(x) = (1 + v) EMA(x) - v EMA(EMA(x)); t3 = G(G(G(close))), all averages of n candles, each seeded with the mean of its
first n values; price_vs_t3 = close / t3 - 1; t3_slope = (t3 / t3 five candles ago - 1) / 5, per candle. Worked out,
with e1 to e6 = EMA taken once to six times: t3 = -v^3 e6 + 3 (v^2 + v^3) e5 - 3 (2 v^2 + v + v^3) e4
+ (1 + 3 v + v^3 + 3 v^2) e3.

Source: Tillson, Smoothing techniques for more accurate signals, Technical Analysis of Stocks & Commodities 16 (1998);
TA-Lib, T3. Inputs: close. Warm-up: until the seeds' weight is below 1e-11 (the averages are weighed up to 8), and 5
candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    v = p[1]
    e2 = ema(f, i, 1, 1, n, ema(f, i, 0, 0, n, c.close[t]))
    e3 = ema(f, i, 2, 2, n, e2)
    e4 = ema(f, i, 3, 3, n, e3)
    e5 = ema(f, i, 4, 4, n, e4)
    e6 = ema(f, i, 5, 5, n, e5)
    vv = v * v
    vvv = vv * v
    average = (
        (1.0 + 3.0 * v + 3.0 * vv + vvv) * e3
        - 3.0 * (2.0 * vv + v + vvv) * e4
        + 3.0 * (vv + vvv) * e5
        - vvv * e6
    )  # fmt: skip
    told(f, i, 6, 6, average, c.close[t], o)


FAMILY = FeatureFamily(
    name="t3",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 5, 2, 300, "candles of the averages"),
        FeatureParameter("v", 0.7, 0.0, 1.0, "volume factor: how much of the lag is taken off"),
    ),
    outputs=outputs("t3", "T3 average", positive=False),
    variants=((5, 0.7), (14, 0.7)),
    step=step,
    definition=__doc__,
    warmup=lambda n, v: ema_warmup(n, 6, 1e-11) + RISE,
    floats=lambda n, v: 6 + RISE,
    ints=lambda n, v: 7,
)
