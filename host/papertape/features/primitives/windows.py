"""Aggregates of the last n values at the same cost for every n, and without drift.

The values are cut into blocks of n candle numbers, anchored in absolute time. A block that is over keeps, for each of
its values, the aggregate from there to its end; the block under way keeps one running aggregate. A window is then a
stretch of whole blocks' ends and the running one: two parts where no candle is missing. What comes out depends on the
values in the window and their candle numbers alone, never on where the stream began. (Two-stack aggregation:
Tangwongsan, Hirzel, Schneider, Wu, General incremental sliding-window aggregation, VLDB 2015.)

Each takes its state at `f[a:]` and `i[b:]`, the candle's number `index` (`c.index[t]`), and is to be called once a
candle. It gives NaN until there are n values; a NaN among the values makes the windows that hold it NaN.
"""

import math
from typing import Any

from papertape.contract.feature import kernel

# The ints of every window: ends of blocks [n], place of the next value, values in the block, its number, all values.
PLACE = 0
WITHIN = 1
BLOCK = 2
COUNT = 3


def window_ints(n: float) -> int:
    """Ints that a window of any kind needs."""
    return int(n) + 4


def sum_floats(n: float) -> int:
    """Floats that `window_sum`, `window_highest` and `window_lowest` need."""
    return 2 * int(n) + 1


def moments_floats(n: float) -> int:
    """Floats that `window_moments` needs."""
    return 3 * int(n) + 2


@kernel
def window_sum(f: Any, i: Any, a: int, b: int, n: int, index: float, v: float) -> float:
    """The sum of the last n values."""
    h = b + n
    block = math.floor(index / n)
    if i[h + COUNT] == 0 or block != i[h + BLOCK]:
        k = i[h + PLACE]
        ended = 0.0
        for back in range(i[h + WITHIN]):
            k = k - 1 if k > 0 else n - 1
            ended = f[a + k] + ended
            f[a + n + k] = ended
            i[b + k] = back + 1
        i[h + BLOCK] = block
        i[h + WITHIN] = 0
        f[a + 2 * n] = 0.0
    k = i[h + PLACE]
    f[a + k] = v
    f[a + 2 * n] += v
    k = k + 1 if k + 1 < n else 0
    i[h + PLACE] = k
    i[h + WITHIN] += 1
    i[h + COUNT] = min(i[h + COUNT] + 1, n)
    if i[h + COUNT] < n:
        return math.nan
    rest = n - i[h + WITHIN]
    total = 0.0
    while rest > 0:
        total += f[a + n + k]
        passed = i[b + k]
        rest -= passed
        k += passed
        if k >= n:
            k -= n
    return float(total + f[a + 2 * n])


@kernel
def window_highest(f: Any, i: Any, a: int, b: int, n: int, index: float, v: float) -> float:
    """The highest of the last n values."""
    h = b + n
    block = math.floor(index / n)
    if i[h + COUNT] == 0 or block != i[h + BLOCK]:
        k = i[h + PLACE]
        ended = -math.inf
        for back in range(i[h + WITHIN]):
            k = k - 1 if k > 0 else n - 1
            ended = f[a + k] if f[a + k] > ended or f[a + k] != f[a + k] else ended
            f[a + n + k] = ended
            i[b + k] = back + 1
        i[h + BLOCK] = block
        i[h + WITHIN] = 0
        f[a + 2 * n] = -math.inf
    k = i[h + PLACE]
    f[a + k] = v
    f[a + 2 * n] = v if v > f[a + 2 * n] or v != v else f[a + 2 * n]
    k = k + 1 if k + 1 < n else 0
    i[h + PLACE] = k
    i[h + WITHIN] += 1
    i[h + COUNT] = min(i[h + COUNT] + 1, n)
    if i[h + COUNT] < n:
        return math.nan
    rest = n - i[h + WITHIN]
    highest = f[a + 2 * n]
    while rest > 0:
        highest = f[a + n + k] if f[a + n + k] > highest or f[a + n + k] != f[a + n + k] else highest
        passed = i[b + k]
        rest -= passed
        k += passed
        if k >= n:
            k -= n
    return float(highest)


@kernel
def window_lowest(f: Any, i: Any, a: int, b: int, n: int, index: float, v: float) -> float:
    """The lowest of the last n values."""
    return -window_highest(f, i, a, b, n, index, -v)


@kernel
def joined(n: int, mean: float, squares: float, m: int, other: float, more: float) -> tuple[float, float]:
    """Mean and sum of squared differences from it, of n values and m others (Chan, Golub, LeVeque 1979)."""
    off = other - mean
    share = m / (n + m)
    return mean + off * share, squares + more + off * off * n * share


@kernel
def window_moments(f: Any, i: Any, a: int, b: int, n: int, index: float, v: float) -> tuple[float, float]:
    """The mean of the last n values, and the sum of their squared differences from it (variance times n)."""
    h = b + n
    block = math.floor(index / n)
    if i[h + COUNT] == 0 or block != i[h + BLOCK]:
        k = i[h + PLACE]
        mean, squares = 0.0, 0.0
        for back in range(i[h + WITHIN]):
            k = k - 1 if k > 0 else n - 1
            mean, squares = joined(1, f[a + k], 0.0, back, mean, squares)
            f[a + n + k] = mean
            f[a + 2 * n + k] = squares
            i[b + k] = back + 1
        i[h + BLOCK] = block
        i[h + WITHIN] = 0
        f[a + 3 * n] = 0.0
        f[a + 3 * n + 1] = 0.0
    k = i[h + PLACE]
    f[a + k] = v
    f[a + 3 * n], f[a + 3 * n + 1] = joined(i[h + WITHIN], f[a + 3 * n], f[a + 3 * n + 1], 1, v, 0.0)
    k = k + 1 if k + 1 < n else 0
    i[h + PLACE] = k
    i[h + WITHIN] += 1
    i[h + COUNT] = min(i[h + COUNT] + 1, n)
    if i[h + COUNT] < n:
        return math.nan, math.nan
    rest = n - i[h + WITHIN]
    mean, squares, had = 0.0, 0.0, 0
    while rest > 0:
        passed = i[b + k]
        mean, squares = joined(had, mean, squares, passed, f[a + n + k], f[a + 2 * n + k])
        had += passed
        rest -= passed
        k += passed
        if k >= n:
            k -= n
    return joined(had, mean, squares, n - had, f[a + 3 * n], f[a + 3 * n + 1])
