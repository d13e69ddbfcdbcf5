"""Wave trend: the typical price off its average in mean distances, smoothed.

price = (high + low + close) / 3, off = price - ema_a(price), x = off / (0.015 ema_a(|off|)); wavetrend = ema_b(x),
wavetrend_signal = mean of its last 4, wavetrend_hist = wavetrend - wavetrend_signal. x is 0 where there is no distance.

Source: the channel index of Lambert (1980) with exponential averages, as charts know it by the name of wave trend.
Inputs: high, low, close. Warm-up: until the seeds' weights are below 1e-15, as x can be a ratio of small numbers, and
below 1e-11 in wavetrend. x is 0 once the price has stood still for 5 a candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

QUIET = 5


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    a = int(p[0])
    price = (c.high[t] + c.low[t] + c.close[t]) / 3.0
    off = price - ema(f, i, 0, 0, a, price)
    size = ema(f, i, 1, 1, a, abs(off))
    still = QUIET * a
    same = price == (c.high[t - 1] + c.low[t - 1] + c.close[t - 1]) / 3.0
    i[3] = min(i[3] + 1, still) if same else 0
    if size != size:
        return
    channel = 0.0
    if size > 0.0 and i[3] < still:
        channel = off / (0.015 * size)
    wave = ema(f, i, 2, 2, int(p[1]), channel)
    o[0] = wave
    o[1] = (wave + f[3] + f[4] + f[5]) / 4.0
    o[2] = wave - o[1]
    f[5], f[4], f[3] = f[4], f[3], wave


FAMILY = FeatureFamily(
    name="wavetrend",
    category="momentum",
    memory="decaying",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("a", 10, 2, 300, "candles of the averages of price and distance"),
        FeatureParameter("b", 21, 2, 300, "candles of the last average"),
    ),
    outputs=(
        FeatureOutput("wavetrend", "typical price off its average, smoothed", "0.015 mean distances", scale=100),
        FeatureOutput("wavetrend_signal", "mean of the last 4", "0.015 mean distances", scale=100),
        FeatureOutput("wavetrend_hist", "wavetrend less its signal", "0.015 mean distances", scale=100),
    ),
    variants=((10, 21), (30, 10)),
    step=step,
    definition=__doc__,
    warmup=lambda a, b: ema_warmup(a, 2, 1e-15) + ema_warmup(b, 1, 1e-12) + 3,
    reach=lambda a, b: 2,
    floats=lambda a, b: 6,
    ints=lambda a, b: 4,
)
