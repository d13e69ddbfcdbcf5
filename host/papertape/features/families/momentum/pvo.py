"""Volume oscillator: a fast exponential average of the volume against a slow one, with its signal.

pvo = 100 (ema_fast - ema_slow) / ema_slow, pvo_signal = ema_s(pvo), pvo_hist = pvo - pvo_signal.

Source: TA-Lib, PVO with exponential averages; StockCharts, PVO, for the signal. Inputs: volume. Warm-up: until the
seeds' weights are below 1e-15, as the ratio can be one of small numbers, and below 1e-11 for the signal. Unlike
TA-Lib's it is 0 once there has been no volume for 5 max(fast, slow) candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

QUIET = 5


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    fast = ema(f, i, 0, 0, int(p[0]), c.volume[t])
    slow = ema(f, i, 1, 1, int(p[1]), c.volume[t])
    still = QUIET * max(int(p[0]), int(p[1]))
    i[3] = 0 if c.volume[t] != 0.0 else min(i[3] + 1, still)
    if fast != fast or slow != slow:
        return
    o[0] = 100.0 * (fast - slow) / slow if slow > 0.0 and i[3] < still else 0.0
    o[1] = ema(f, i, 2, 2, int(p[2]), o[0])
    o[2] = o[0] - o[1]


FAMILY = FeatureFamily(
    name="pvo",
    category="momentum",
    memory="decaying",
    inputs=("volume",),
    parameters=(
        FeatureParameter("fast", 12, 2, 500, "candles of the fast average"),
        FeatureParameter("slow", 26, 2, 500, "candles of the slow average"),
        FeatureParameter("s", 9, 2, 300, "candles of the signal"),
    ),
    outputs=(
        FeatureOutput("pvo", "fast average of the volume above the slow one", "percent", low=-100, scale=100),
        FeatureOutput("pvo_signal", "average of pvo", "percent", low=-100, scale=100),
        FeatureOutput("pvo_hist", "pvo less its signal", "percent", scale=100),
    ),
    variants=((12, 26, 9), (30, 60, 20)),
    step=step,
    definition=__doc__,
    warmup=lambda fast, slow, s: ema_warmup(max(fast, slow), 1, 1e-15) + ema_warmup(s, 1, 1e-11),
    floats=lambda fast, slow, s: 3,
    ints=lambda fast, slow, s: 4,
)
