"""Stochastic momentum index: the close off the middle of its range, smoothed twice, against the range likewise.

middle = (highest high + lowest low) / 2 of the last n candles, range = their difference; smi = 100 ema_b(ema_a(close -
middle)) / (ema_b(ema_a(range)) / 2), 0 where there is no range; smi_signal = ema_s(smi), smi_hist = smi - smi_signal.

Source: Blau, Stochastic Momentum (1993); TA-Lib, SMI. Inputs: high, low, close. Warm-up: until the seeds' weights are
below 1e-15, as the ratio can be one of small numbers, and below 1e-11 for the signal. Unlike TA-Lib's it is 0 once
there has been no range for 5 max(a, b) candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest

QUIET = 5


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, a, b = int(p[0]), int(p[1]), int(p[2])
    highest = window_highest(f, i, 5, 6, n, c.index[t], c.high[t])
    lowest = window_lowest(f, i, 2 * n + 6, n + 10, n, c.index[t], c.low[t])
    off = ema(f, i, 1, 1, b, ema(f, i, 0, 0, a, c.close[t] - (highest + lowest) / 2.0))
    width = ema(f, i, 3, 3, b, ema(f, i, 2, 2, a, highest - lowest))
    still = QUIET * max(a, b)
    i[5] = 0 if highest != lowest else min(i[5] + 1, still)
    if width != width:
        return
    o[0] = 200.0 * off / width if width > 0.0 and i[5] < still else 0.0
    o[1] = ema(f, i, 4, 4, int(p[3]), o[0])
    o[2] = o[0] - o[1]


FAMILY = FeatureFamily(
    name="smi",
    category="momentum",
    memory="decaying",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 13, 1, 500, "candles of the range"),
        FeatureParameter("a", 2, 2, 300, "candles of the first average"),
        FeatureParameter("b", 25, 2, 300, "candles of the second average"),
        FeatureParameter("s", 9, 2, 300, "candles of the signal"),
    ),
    outputs=(
        FeatureOutput("smi", "close off the middle of the range, smoothed", "-100..100", -100, 100, scale=100),
        FeatureOutput("smi_signal", "average of smi", "-100..100", -100, 100, scale=100),
        FeatureOutput("smi_hist", "smi less its signal", "-200..200", -200, 200, scale=100),
    ),
    variants=((13, 2, 25, 9), (5, 3, 3, 3)),
    step=step,
    definition=__doc__,
    warmup=lambda n, a, b, s: int(n) + ema_warmup(max(a, b), 2, 1e-15) + ema_warmup(s, 1, 1e-11),
    floats=lambda n, a, b, s: 5 + 2 * sum_floats(n),
    ints=lambda n, a, b, s: 6 + 2 * window_ints(n),
)
