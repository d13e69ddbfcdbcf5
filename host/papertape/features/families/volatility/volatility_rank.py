"""Volatility rank: the share of recent volatilities that were lower.

v = volatility over n log returns; volatility_rank = (how many of the m v before are below v + half of those equal to
it) / m; equal is within 1e-9 of v.

Source: TA-Lib, PERCENTRANK, but that counts the equal ones for nothing and is a percentage. Inputs: close. Warm-up: n +
m + 1 candles. Unit: 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.realised import deviation
from papertape.features.primitives.windows import moments_floats, window_ints

EQUAL = 1e-9


@kernel
def rank(f: Any, i: Any, a: int, b: int, m: int, v: float) -> float:
    """The share of the m values before that are below v, equal ones half; keeps v. Takes m floats and two ints."""
    least, most = v - EQUAL * abs(v), v + EQUAL * abs(v)
    twice = 0
    for k in range(m):
        twice += (f[a + k] < least) + (f[a + k] <= most)
    k, defined = i[b], i[b + 1]
    f[a + k] = v
    i[b] = k + 1 if k + 1 < m else 0
    i[b + 1] = min(defined + 1, m) if v == v else 0
    return 0.5 * twice / m if defined == m and v == v else math.nan


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    v = deviation(f, i, 0, 0, n, c.index[t], c.gain[t])
    o[0] = rank(f, i, 3 * n + 2, n + 4, int(p[1]), v)


FAMILY = FeatureFamily(
    name="volatility_rank",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 20, 2, 1000, "log returns of a volatility"),
        FeatureParameter("m", 100, 2, 250, "volatilities before"),
    ),
    outputs=(
        FeatureOutput("volatility_rank", "share of volatilities before that were lower", "fraction", low=0, high=1),
    ),
    variants=((5, 50), (20, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: int(n) + int(m) + 1,
    reach=lambda n, m: 2,
    floats=lambda n, m: moments_floats(n) + int(m),
    ints=lambda n, m: window_ints(n) + 2,
)
