"""Fading averages, seeded with the mean of their first values as TA-Lib seeds them.

Each takes its state at `f[a:]` and `i[b:]`, gives NaN until seeded, and passes over NaN. All use 1 float and 1 int.
"""

import math
from typing import Any

from papertape.contract.feature import kernel


@kernel
def faded(f: Any, i: Any, a: int, b: int, n: int, weight: float, v: float) -> float:
    """An average that moves `weight` of the way to each new value, once `n` values have seeded it."""
    if v != v:
        return math.nan
    if i[b] < n:
        f[a] += v
        i[b] += 1
        if i[b] < n:
            return math.nan
        f[a] /= n
        return float(f[a])
    f[a] += weight * (v - f[a])
    return float(f[a])


@kernel
def ema(f: Any, i: Any, a: int, b: int, n: int, v: float) -> float:
    """Exponential average: weight 2 / (n + 1)."""
    return faded(f, i, a, b, n, 2.0 / (n + 1.0), v)


@kernel
def wilder(f: Any, i: Any, a: int, b: int, n: int, v: float) -> float:
    """Wilder's average (1978): weight 1 / n."""
    return faded(f, i, a, b, n, 1.0 / n, v)
