"""True strength index: changes of the close, smoothed twice, against their sizes smoothed likewise.

tsi = 100 ema_b(ema_a(change)) / ema_b(ema_a(|change|)); tsi_signal = ema_s(tsi), tsi_hist = tsi - tsi_signal. 0 where
there was no change.

Source: Blau, Momentum, Direction, and Divergence (1995); TA-Lib, TSI; the signal as charts have it. Inputs: close.
Warm-up: until the seeds' weight is below 1e-12, as the ratio can be one of small numbers, and below 1e-11 for the
signal. Unlike TA-Lib's it is 0 once the close has not moved for 5 max(a, b) candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

QUIET = 5


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    a, b = int(p[0]), int(p[1])
    change = c.close[t] - c.close[t - 1]
    moved = ema(f, i, 1, 1, b, ema(f, i, 0, 0, a, change))
    size = ema(f, i, 3, 3, b, ema(f, i, 2, 2, a, abs(change)))
    still = QUIET * max(a, b)
    i[5] = 0 if change != 0.0 else min(i[5] + 1, still)
    if size != size:
        return
    strength = 0.0
    if size > 0.0 and i[5] < still:
        strength = 100.0 * moved / size
    signal = ema(f, i, 4, 4, int(p[2]), strength)
    o[0] = strength
    o[1] = signal
    o[2] = strength - signal


FAMILY = FeatureFamily(
    name="tsi",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("a", 25, 2, 300, "candles of the first average"),
        FeatureParameter("b", 13, 2, 300, "candles of the second average"),
        FeatureParameter("s", 7, 2, 300, "candles of the signal"),
    ),
    outputs=(
        FeatureOutput("tsi", "smoothed changes against their sizes", "-100..100", -100, 100, scale=100),
        FeatureOutput("tsi_signal", "average of tsi", "-100..100", -100, 100, scale=100),
        FeatureOutput("tsi_hist", "tsi less its signal", "-200..200", -200, 200, scale=100),
    ),
    variants=((13, 7, 7), (25, 13, 7), (40, 20, 14)),
    step=step,
    definition=__doc__,
    warmup=lambda a, b, s: ema_warmup(max(a, b), 2, 1e-12) + ema_warmup(s, 1, 1e-11) + 1,
    reach=lambda a, b, s: 2,
    floats=lambda a, b, s: 5,
    ints=lambda a, b, s: 6,
)
