"""Mean and spread of the last n values, each with a weight of its own, as volume is for prices.

Blocks are anchored in absolute time as in `papertape.features.primitives.windows`.
"""

import math
from typing import Any

from papertape.contract.feature import kernel
from papertape.features.primitives.windows import BLOCK, COUNT, PLACE, WITHIN


def weighted_floats(n: float) -> int:
    """Floats that `window_weighted` needs."""
    return 3 * int(n) + 3


@kernel
def blended(
    weight: float, mean: float, squares: float, other_weight: float, other: float, more: float
) -> tuple[float, float, float]:
    """Weight, mean and weighted sum of squared differences of two groups together (West 1979). None weighs nothing."""
    total = weight + other_weight
    if total == 0.0:
        return 0.0, 0.0, 0.0
    off = other - mean
    share = other_weight / total
    return total, mean + off * share, squares + more + off * off * weight * share


@kernel
def window_weighted(
    f: Any, i: Any, a: int, b: int, n: int, index: float, v: float, weight: float
) -> tuple[float, float, float]:
    """The weight of the last n values, their weighted mean, and the weighted sum of squared differences from it.

    State and calls are as for `window_sum`: NaN until there are n values. Values of weight 0 do not count; where all
    are, so are the three.
    """
    h = b + n
    m, s = a + n, a + 2 * n
    r = a + 3 * n
    block = math.floor(index / n)
    if i[h + COUNT] == 0 or block != i[h + BLOCK]:
        k = i[h + PLACE]
        w, mean, squares = 0.0, 0.0, 0.0
        for back in range(i[h + WITHIN]):
            k = k - 1 if k > 0 else n - 1
            w, mean, squares = blended(w, mean, squares, f[a + k], f[m + k], 0.0)
            f[a + k] = w
            f[m + k] = mean
            f[s + k] = squares
            i[b + k] = back + 1
        i[h + BLOCK] = block
        i[h + WITHIN] = 0
        f[r] = 0.0
        f[r + 1] = 0.0
        f[r + 2] = 0.0
    k = i[h + PLACE]
    f[a + k] = weight
    f[m + k] = v
    f[r], f[r + 1], f[r + 2] = blended(f[r], f[r + 1], f[r + 2], weight, v, 0.0)
    k = k + 1 if k + 1 < n else 0
    i[h + PLACE] = k
    i[h + WITHIN] += 1
    i[h + COUNT] = min(i[h + COUNT] + 1, n)
    if i[h + COUNT] < n:
        return math.nan, math.nan, math.nan
    rest = n - i[h + WITHIN]
    w, mean, squares = 0.0, 0.0, 0.0
    while rest > 0:
        w, mean, squares = blended(w, mean, squares, f[a + k], f[m + k], f[s + k])
        passed = i[b + k]
        rest -= passed
        k += passed
        if k >= n:
            k -= n
    return blended(w, mean, squares, f[r], f[r + 1], f[r + 2])
