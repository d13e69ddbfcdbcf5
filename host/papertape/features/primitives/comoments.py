"""How two series move together over the last n pairs, at the same cost for every n, and without drift.

The method, and what is asked of the caller, is that of `windows`: blocks anchored in absolute time. A block that is
over keeps, for each of its pairs, what holds from there to its end.
"""

import math
from typing import Any

from papertape.contract.feature import kernel
from papertape.features.primitives.windows import BLOCK, COUNT, PLACE, WITHIN


def comoments_floats(n: float) -> int:
    """Floats that `window_comoments` needs; its ints are `window_ints(n)`."""
    return 7 * int(n) + 5


@kernel
def joined_pairs(
    n: int,
    mean_x: float,
    xx: float,
    mean_y: float,
    yy: float,
    xy: float,
    m: int,
    other_x: float,
    more_xx: float,
    other_y: float,
    more_yy: float,
    more_xy: float,
) -> tuple[float, float, float, float, float]:
    """`window_comoments` of n pairs and m others (Chan, Golub, LeVeque 1979; Pebay 2008 for the product)."""
    share = m / (n + m)
    weight = n * share
    off_x = other_x - mean_x
    off_y = other_y - mean_y
    return (
        mean_x + off_x * share,
        xx + more_xx + off_x * off_x * weight,
        mean_y + off_y * share,
        yy + more_yy + off_y * off_y * weight,
        xy + more_xy + off_x * off_y * weight,
    )


@kernel
def window_comoments(
    f: Any, i: Any, a: int, b: int, n: int, index: float, x: float, y: float
) -> tuple[float, float, float, float, float]:
    """Of the last n pairs: mean of x, sum of squared differences from it; the same of y; sum of the products of both
    differences (covariance times n)."""
    h = b + n
    at_x, at_xx, at_y, at_yy, at_xy = a + 2 * n, a + 3 * n, a + 4 * n, a + 5 * n, a + 6 * n
    running = a + 7 * n
    block = math.floor(index / n)
    if i[h + COUNT] == 0 or block != i[h + BLOCK]:
        k = i[h + PLACE]
        mean_x, xx, mean_y, yy, xy = 0.0, 0.0, 0.0, 0.0, 0.0
        for back in range(i[h + WITHIN]):
            k = k - 1 if k > 0 else n - 1
            mean_x, xx, mean_y, yy, xy = joined_pairs(
                1, f[a + k], 0.0, f[a + n + k], 0.0, 0.0, back, mean_x, xx, mean_y, yy, xy
            )
            f[at_x + k], f[at_xx + k], f[at_y + k], f[at_yy + k], f[at_xy + k] = mean_x, xx, mean_y, yy, xy
            i[b + k] = back + 1
        i[h + BLOCK] = block
        i[h + WITHIN] = 0
        for part in range(5):
            f[running + part] = 0.0
    k = i[h + PLACE]
    f[a + k] = x
    f[a + n + k] = y
    f[running], f[running + 1], f[running + 2], f[running + 3], f[running + 4] = joined_pairs(
        i[h + WITHIN],
        f[running],
        f[running + 1],
        f[running + 2],
        f[running + 3],
        f[running + 4],
        1,
        x,
        0.0,
        y,
        0.0,
        0.0,
    )
    k = k + 1 if k + 1 < n else 0
    i[h + PLACE] = k
    i[h + WITHIN] += 1
    i[h + COUNT] = min(i[h + COUNT] + 1, n)
    if i[h + COUNT] < n:
        return math.nan, math.nan, math.nan, math.nan, math.nan
    rest = n - i[h + WITHIN]
    mean_x, xx, mean_y, yy, xy, had = 0.0, 0.0, 0.0, 0.0, 0.0, 0
    while rest > 0:
        passed = i[b + k]
        mean_x, xx, mean_y, yy, xy = joined_pairs(
            had, mean_x, xx, mean_y, yy, xy,
            passed, f[at_x + k], f[at_xx + k], f[at_y + k], f[at_yy + k], f[at_xy + k],
        )  # fmt: skip
        had += passed
        rest -= passed
        k += passed
        if k >= n:
            k -= n
    return joined_pairs(
        had, mean_x, xx, mean_y, yy, xy,
        n - had, f[running], f[running + 1], f[running + 2], f[running + 3], f[running + 4],
    )  # fmt: skip


@kernel
def correlation(xx: float, yy: float, xy: float) -> float:
    """Pearson's correlation of what `window_comoments` gives; 0 where either series does not move, as in TA-Lib."""
    both = math.sqrt(xx) * math.sqrt(yy)
    if both != both:
        return math.nan
    if both == 0.0:
        return 0.0
    return min(max(xy / both, -1.0), 1.0)
