"""Opportunity score: a direction, louder than usual, with more volume than usual.

e = |close - close n before| / sum of the last n changes of the close, without sign (Kaufman's efficiency, 0 where
nothing moves); v = root mean square of the last n log returns over that of the last m; u = mean volume of the last n
candles over that of the last m; opportunity_score = (e * v / (1 + v) * u / (1 + u))^(1/3), each factor 0 where its
denominator is 0.

The factors are each 0 to 1, the latter two one half in a usual market; their geometric mean is high where all three
are.

Source: our own; the efficiency ratio is from Kaufman, Smarter Trading (1995). Inputs: close, volume. Warm-up: the
longer of n and m, and 1 candle. Unit: 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def against(near: float, far: float) -> float:
    """x / (1 + x) of x = near / far; 0 where both are."""
    return near / (near + far) if near + far > 0.0 else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, m = int(p[0]), int(p[1])
    at, where = 2 * n + 1, n + 4
    then, there = 2 * m + 1, m + 4
    square = c.gain[t] * c.gain[t]
    path = window_sum(f, i, 0, 0, n, c.index[t], abs(c.close[t] - c.close[t - 1]))
    moved = window_sum(f, i, at, where, n, c.index[t], square)
    volume = window_sum(f, i, 2 * at, 2 * where, n, c.index[t], c.volume[t])
    usually = window_sum(f, i, 3 * at, 3 * where, m, c.index[t], square)
    usual = window_sum(f, i, 3 * at + then, 3 * where + there, m, c.index[t], c.volume[t])
    if usually == usually:
        efficiency = min(abs(c.close[t] - c.close[t - n]) / path, 1.0) if path > 0.0 else 0.0
        loud = against(math.sqrt(moved / n), math.sqrt(usually / m))
        o[0] = (efficiency * loud * against(volume / n, usual / m)) ** (1.0 / 3.0)


FAMILY = FeatureFamily(
    name="opportunity",
    category="gating",
    memory="window",
    inputs=("close", "volume"),
    parameters=(
        FeatureParameter("n", 20, 2, 1000, "candles of what is going on"),
        FeatureParameter("m", 100, 2, 1000, "candles of what is usual"),
    ),
    outputs=(FeatureOutput("opportunity_score", "direction, volatility and volume in one", "0..1", low=0, high=1),),
    variants=((10, 50), (20, 100), (50, 200)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: int(max(n, m)) + 1,
    reach=lambda n, m: int(n) + 1,
    floats=lambda n, m: 3 * sum_floats(n) + 2 * sum_floats(m),
    ints=lambda n, m: 3 * window_ints(n) + 2 * window_ints(m),
)
