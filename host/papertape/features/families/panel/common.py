"""What two symbols have in common: the batches in which both have a candle.

A panel feature depends on the candles of the last few candle numbers alone (2 n of them, or what its warm-up says),
and is NaN where too few of those are there: so it does not matter when either symbol's history began, or how long one
was away. Nothing is carried forward.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, kernel


@kernel
def number_before(f: Any, i: Any, a: int, b: int, m: int, index: float) -> float:
    """The candle number that was given m calls ago, NaN if there was none. Keeps `f[a : a + m]`, `i[b : b + 2]`."""
    place = i[b]
    before = f[a + place] if i[b + 1] == m else math.nan
    f[a + place] = index
    i[b] = place + 1 if place + 1 < m else 0
    i[b + 1] = min(i[b + 1] + 1, m)
    return float(before)


@kernel
def common_returns(f: Any, a: int, c: Columns, here: int, there: int) -> tuple[float, float]:
    """Log returns of two symbols since the last call, NaN at the first; keeps two closes in `f[a : a + 2]`."""
    before, other = f[a], f[a + 1]
    f[a], f[a + 1] = c.close[here], c.close[there]
    if before == 0.0:
        return math.nan, math.nan
    return math.log(c.close[here] / before), math.log(c.close[there] / other)


@kernel
def change(c: Columns, t: int, n: int, numbers: float) -> float:
    """Log return over the last n candles of a symbol, NaN where they take `numbers` candle numbers or more."""
    if not c.index[t] - c.index[t - n] < numbers:
        return math.nan
    return math.log(c.close[t] / c.close[t - n])
