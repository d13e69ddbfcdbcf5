"""Arnaud Legoux moving average: its level, how far the close is from it, and its slope.

alma = sum of w x over the last n closes / sum of w, x counted from k = 0, the oldest, to n - 1, the newest, with w =
exp(-(k - m)^2 / (2 s^2)), m = offset (n - 1), s = n / sigma; price_vs_alma = close / alma - 1; alma_slope = (alma /
alma five candles ago - 1) / 5, per candle.

Source: Legoux and Kouzis-Loukas, ALMA (2009). Inputs: close. Warm-up: n + 5 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told


@kernel
def weigh(p: Any, f: Any, i: Any) -> None:
    """Keeps the weights, the oldest first, once."""
    n = int(p[0])
    total = 0.0
    for k in range(n):
        off = (k - p[1] * (n - 1.0)) * p[2] / n
        f[RISE + k] = math.exp(-0.5 * off * off)
        total += f[RISE + k]
    for k in range(n):
        f[RISE + k] /= total
    i[1] = 1


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    if i[1] == 0:
        weigh(p, f, i)
    n = int(p[0])
    newest = c.close[t]
    off = 0.0
    for k in range(1, n):
        off += f[RISE + n - 1 - k] * (c.close[t - k] - newest)
    told(f, i, 0, 0, newest + off, newest, o)


FAMILY = FeatureFamily(
    name="alma",
    category="trend",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 9, 2, 200, "candles of the average"),
        FeatureParameter("offset", 0.85, 0.0, 1.0, "where the weights are highest: 0 the oldest candle, 1 the newest"),
        FeatureParameter("sigma", 6.0, 0.5, 50.0, "how narrow the weights are: n / sigma is their standard deviation"),
    ),
    outputs=outputs("alma", "Gaussian-weighted average"),
    variants=((9, 0.85, 6), (50, 0.85, 6)),
    step=step,
    definition=__doc__,
    warmup=lambda n, offset, sigma: int(n) + RISE,
    reach=lambda n, offset, sigma: int(n),
    floats=lambda n, offset, sigma: RISE + int(n),
    ints=lambda n, offset, sigma: 2,
)
