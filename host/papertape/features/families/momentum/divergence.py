"""Divergence: how much steadier the price rises than an indicator does, over n candles.

r(x) = correlation of the last n values of x with time, -1 falling, 1 rising; divergence_X = (r(close) - r(X)) / 2, X =
rsi of 14 candles, macd of 12 and 26, and on-balance volume (volume signed by the change of the close, added up within
the window). Above 0 the price does better than the indicator: a bearish divergence.

Source: Wilder (1978) and Granville (1963) for the idea; Pearson's correlation. Inputs: close, volume. Warm-up: of the
indicators (rsi to 1e-11, macd to 1e-15), and n candles. r is 0 where the standard deviation is below 1e-9 of the close
for the close, 1e-4 points for rsi, 1e-8 of the close for macd, and 1e-9 of its largest value for on-balance volume.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.rsi import relative_strength, rsi_warmup
from papertape.features.families.order_flow.signed_volume import signed_volume
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

RSI = 14
FAST = 12
SLOW = 26
CLOSE_BAND = 1e-9
RSI_BAND = 1e-4
MACD_BAND = 1e-8


@kernel
def steadiness(n: int, total: float, squares: float, weighed: float, band: float) -> float:
    """Correlation of n values with time from their sums: values, squares, values times how many candles ago."""
    spread = squares - total * total / n
    if spread != spread:
        return math.nan
    if spread <= n * band * band:
        return 0.0
    r = (0.5 * (n - 1) * total - weighed) / math.sqrt(spread * (n * (n * n - 1.0) / 12.0))
    return max(-1.0, min(1.0, r))


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    close = c.close[t]
    rsi = relative_strength(f, i, 0, 0, RSI, close - c.close[t - 1])
    macd = ema(f, i, 2, 3, FAST, close) - ema(f, i, 3, 4, SLOW, close)
    place = i[5]
    f[4 + place] = rsi
    f[4 + n + place] = macd
    i[5] = place + 1 if place + 1 < n else 0
    a, aa, at = 0.0, 0.0, 0.0
    b, bb, bt = 0.0, 0.0, 0.0
    d, dd, dt = 0.0, 0.0, 0.0
    v, vv, vt = 0.0, 0.0, 0.0
    flow, most = 0.0, 0.0
    for k in range(n):
        x = c.close[t - k] - close
        a += x
        aa += x * x
        at += k * x
        x = f[4 + place] - rsi
        b += x
        bb += x * x
        bt += k * x
        x = f[4 + n + place] - macd
        d += x
        dd += x * x
        dt += k * x
        v += flow
        vv += flow * flow
        vt += k * flow
        most = max(most, abs(flow))
        flow -= signed_volume(c, t - k)
        place = place - 1 if place > 0 else n - 1
    price = steadiness(n, a, aa, at, CLOSE_BAND * close)
    o[0] = 0.5 * (price - steadiness(n, b, bb, bt, RSI_BAND))
    o[1] = 0.5 * (price - steadiness(n, d, dd, dt, MACD_BAND * close))
    o[2] = 0.5 * (price - steadiness(n, v, vv, vt, CLOSE_BAND * most))


FAMILY = FeatureFamily(
    name="divergence",
    category="momentum",
    memory="decaying",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 14, 3, 200, "candles that are compared"),),
    outputs=(
        FeatureOutput("divergence_rsi", "price rises more steadily than rsi", "-1..1", low=-1, high=1),
        FeatureOutput("divergence_macd", "price rises more steadily than macd", "-1..1", low=-1, high=1),
        FeatureOutput("divergence_obv", "price rises more steadily than volume", "-1..1", low=-1, high=1),
    ),
    variants=((14,), (30,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: max(rsi_warmup(RSI, 1e-11), ema_warmup(SLOW, 1, 1e-15)) + int(n) + 1,
    reach=lambda n: int(n) + 1,
    floats=lambda n: 4 + 2 * int(n),
    ints=lambda n: 6,
)
