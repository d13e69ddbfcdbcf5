"""Rate of change of the exponential average of the close.

roc_ema = 100 (ema_n / ema_n of m candles ago - 1).

Source: TA-Lib, ROC of EMA. Inputs: close. Warm-up: until the seed's weight is below 1e-13, and m candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    m = int(p[1])
    average = ema(f, i, 0, 0, int(p[0]), c.close[t])
    place = i[1]
    o[0] = 100.0 * (average / f[1 + place] - 1.0)
    f[1 + place] = average
    i[1] = place + 1 if place + 1 < m else 0


FAMILY = FeatureFamily(
    name="roc_ema",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 21, 2, 500, "candles of the average"),
        FeatureParameter("m", 10, 1, 500, "candles of the change"),
    ),
    outputs=(FeatureOutput("roc_ema", "change of the average", "percent", low=-100),),
    variants=((9, 3), (21, 10), (50, 30)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: ema_warmup(n, 1, 1e-13) + int(m),
    floats=lambda n, m: 1 + int(m),
    ints=lambda n, m: 2,
)
