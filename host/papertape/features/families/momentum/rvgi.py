"""Relative vigor index: closes above opens against the ranges, both smoothed.

x' = (x + 2 x1 + 2 x2 + x3) / 6, x1 being the value a candle before; rvgi = sum of (close - open)' / sum of (high -
low)' over n candles, 0 where there is no range; rvgi_signal = rvgi', rvgi_hist = rvgi - rvgi_signal.

Source: Ehlers, Relative Vigor Index (2002). Inputs: open, high, low, close. Warm-up: n + 6 candles. Not the relative
volatility index, which is called RVI too.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    body = (c.close[t] - c.open[t]) + (c.close[t - 3] - c.open[t - 3])
    body += 2.0 * ((c.close[t - 1] - c.open[t - 1]) + (c.close[t - 2] - c.open[t - 2]))
    width = (c.high[t] - c.low[t]) + (c.high[t - 3] - c.low[t - 3])
    width += 2.0 * ((c.high[t - 1] - c.low[t - 1]) + (c.high[t - 2] - c.low[t - 2]))
    bodies = window_sum(f, i, 3, 0, n, c.index[t], body)
    widths = window_sum(f, i, 2 * n + 4, n + 4, n, c.index[t], width)
    if widths != widths:
        return
    vigor = bodies / widths if widths > 0.0 else 0.0
    signal = (vigor + 2.0 * f[0] + 2.0 * f[1] + f[2]) / 6.0
    f[2], f[1], f[0] = f[1], f[0], vigor
    o[0] = vigor
    o[1] = signal
    o[2] = vigor - signal


FAMILY = FeatureFamily(
    name="rvgi",
    category="momentum",
    memory="window",
    inputs=("open", "high", "low", "close"),
    parameters=(FeatureParameter("n", 10, 1, 1000, "candles of the sums"),),
    outputs=(
        FeatureOutput("rvgi", "bodies against ranges, smoothed", "fraction", low=-1, high=1),
        FeatureOutput("rvgi_signal", "smoothed rvgi", "fraction", low=-1, high=1),
        FeatureOutput("rvgi_hist", "rvgi less its signal", "fraction", low=-2, high=2),
    ),
    variants=((10,), (30,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 6,
    reach=lambda n: 4,
    floats=lambda n: 3 + 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
