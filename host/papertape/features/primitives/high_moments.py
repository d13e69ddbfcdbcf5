"""Mean, spread, lean and tails of the last n values at the same cost for every n, and without drift.

How the values are cut into blocks, and what is asked of the caller, is that of `windows`: blocks anchored in absolute
time. Differences are taken from means, never from zero: values that vary little beside their size keep their digits.
"""

import math
from typing import Any

from papertape.contract.feature import kernel
from papertape.features.primitives.windows import BLOCK, COUNT, PLACE, WITHIN


def high_moments_floats(n: float) -> int:
    """Floats that `window_high_moments` needs; its ints are `window_ints(n)`."""
    return 4 * int(n) + 4


@kernel
def joined_powers(
    n: int, mean: float, two: float, three: float, four: float,
    m: int, other: float, more_two: float, more_three: float, more_four: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """`window_high_moments` of n values and m others (Pebay 2008)."""
    both = n + m
    off = other - mean
    left, right = n / both, m / both
    cross = off * left * m
    return (
        mean + off * right,
        two + more_two + off * cross,
        three + more_three + off * off * cross * (left - right) + 3.0 * off * (left * more_two - right * two),
        four + more_four
        + off * off * off * cross * (left * left - left * right + right * right)
        + 6.0 * off * off * (left * left * more_two + right * right * two)
        + 4.0 * off * (left * more_three - right * three),
    )  # fmt: skip


@kernel
def window_high_moments(
    f: Any, i: Any, a: int, b: int, n: int, index: float, v: float
) -> tuple[float, float, float, float]:
    """Of the last n values: their mean, and the sums of the second, third and fourth powers of differences from it."""
    h = b + n
    second, third, fourth, r = a + n, a + 2 * n, a + 3 * n, a + 4 * n
    block = math.floor(index / n)
    if i[h + COUNT] == 0 or block != i[h + BLOCK]:
        k = i[h + PLACE]
        mean, two, three, four = 0.0, 0.0, 0.0, 0.0
        for back in range(i[h + WITHIN]):
            k = k - 1 if k > 0 else n - 1
            mean, two, three, four = joined_powers(1, f[a + k], 0.0, 0.0, 0.0, back, mean, two, three, four)
            f[a + k], f[second + k], f[third + k], f[fourth + k] = mean, two, three, four
            i[b + k] = back + 1
        i[h + BLOCK] = block
        i[h + WITHIN] = 0
        for part in range(4):
            f[r + part] = 0.0
    k = i[h + PLACE]
    f[a + k] = v
    f[r], f[r + 1], f[r + 2], f[r + 3] = joined_powers(
        i[h + WITHIN], f[r], f[r + 1], f[r + 2], f[r + 3], 1, v, 0.0, 0.0, 0.0
    )
    k = k + 1 if k + 1 < n else 0
    i[h + PLACE] = k
    i[h + WITHIN] += 1
    i[h + COUNT] = min(i[h + COUNT] + 1, n)
    if i[h + COUNT] < n:
        return math.nan, math.nan, math.nan, math.nan
    rest = n - i[h + WITHIN]
    mean, two, three, four, had = 0.0, 0.0, 0.0, 0.0, 0
    while rest > 0:
        passed = i[b + k]
        mean, two, three, four = joined_powers(
            had, mean, two, three, four, passed, f[a + k], f[second + k], f[third + k], f[fourth + k]
        )
        had += passed
        rest -= passed
        k += passed
        if k >= n:
            k -= n
    return joined_powers(had, mean, two, three, four, n - had, f[r], f[r + 1], f[r + 2], f[r + 3])
