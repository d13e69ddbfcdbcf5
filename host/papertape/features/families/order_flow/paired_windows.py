"""Means, spreads and the common movement of the last n pairs of values: what regressions and correlations are made of.

Blocks are anchored in absolute time as in `papertape.features.primitives.windows`.
"""

import math
from typing import Any

from papertape.contract.feature import kernel
from papertape.features.primitives.windows import BLOCK, COUNT, PLACE, WITHIN


def paired_floats(n: float) -> int:
    """Floats that `window_paired` needs."""
    return 5 * int(n) + 5


@kernel
def paired(
    n: int, x: float, y: float, xx: float, yy: float, xy: float,
    m: int, u: float, v: float, uu: float, vv: float, uv: float,
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """Means and summed products of differences from them, of n pairs and m others (Chan, Golub, LeVeque 1979)."""
    dx, dy = u - x, v - y
    share = m / (n + m)
    both = n * share
    return x + dx * share, y + dy * share, xx + uu + dx * dx * both, yy + vv + dy * dy * both, xy + uv + dx * dy * both


@kernel
def window_paired(
    f: Any, i: Any, a: int, b: int, n: int, index: float, u: float, v: float
) -> tuple[float, float, float, float, float]:
    """Of the last n pairs: both means, both sums of squared differences from them, and the sum of their products.

    State and calls are as for `window_sum`: NaN until there are n pairs, and while a NaN is among them.
    """
    h = b + n
    a1, a2, a3, a4, r = a + n, a + 2 * n, a + 3 * n, a + 4 * n, a + 5 * n
    block = math.floor(index / n)
    if i[h + COUNT] == 0 or block != i[h + BLOCK]:
        k = i[h + PLACE]
        x, y, xx, yy, xy = 0.0, 0.0, 0.0, 0.0, 0.0
        for back in range(i[h + WITHIN]):
            k = k - 1 if k > 0 else n - 1
            x, y, xx, yy, xy = paired(1, f[a + k], f[a1 + k], 0.0, 0.0, 0.0, back, x, y, xx, yy, xy)
            f[a + k], f[a1 + k], f[a2 + k], f[a3 + k], f[a4 + k] = x, y, xx, yy, xy
            i[b + k] = back + 1
        i[h + BLOCK] = block
        i[h + WITHIN] = 0
        for part in range(5):
            f[r + part] = 0.0
    k = i[h + PLACE]
    f[a + k] = u
    f[a1 + k] = v
    x, y, xx, yy, xy = paired(
        i[h + WITHIN], f[r], f[r + 1], f[r + 2], f[r + 3], f[r + 4], 1, u, v, 0.0, 0.0, 0.0
    )  # fmt: skip
    f[r], f[r + 1], f[r + 2], f[r + 3], f[r + 4] = x, y, xx, yy, xy
    k = k + 1 if k + 1 < n else 0
    i[h + PLACE] = k
    i[h + WITHIN] += 1
    i[h + COUNT] = min(i[h + COUNT] + 1, n)
    if i[h + COUNT] < n:
        return math.nan, math.nan, math.nan, math.nan, math.nan
    rest = n - i[h + WITHIN]
    x, y, xx, yy, xy, had = 0.0, 0.0, 0.0, 0.0, 0.0, 0
    while rest > 0:
        passed = i[b + k]
        x, y, xx, yy, xy = paired(
            had, x, y, xx, yy, xy, passed, f[a + k], f[a1 + k], f[a2 + k], f[a3 + k], f[a4 + k]
        )  # fmt: skip
        had += passed
        rest -= passed
        k += passed
        if k >= n:
            k -= n
    return paired(had, x, y, xx, yy, xy, n - had, f[r], f[r + 1], f[r + 2], f[r + 3], f[r + 4])


@kernel
def correlation(xx: float, yy: float, xy: float) -> float:
    """Pearson's, of what `window_paired` gives; 0 where one of the two does not vary, as in TA-Lib's CORREL."""
    both = xx * yy
    if both == 0.0:
        return 0.0
    return float(max(-1.0, min(1.0, xy / math.sqrt(both)))) if both == both else math.nan
