"""Exponential sums over a finite stretch: the weights of an exponential average, cut off where they no longer show.

Volume may be zero for long, and then an average that remembers all candles is a ratio of two leftovers: its value would
depend on where the stream began. A window that is cut off has no leftovers, and a late start is bit-equal. Blocks are
anchored in absolute time as in `papertape.features.primitives.windows`.
"""

import math
from typing import Any

from papertape.contract.feature import kernel
from papertape.features.primitives.windows import BLOCK, COUNT, PLACE, WITHIN


@kernel
def fade_length(n: int) -> int:
    """Candles after which the weights of an exponential average of n, (1 - 2 / (n + 1))^k, are below 1e-12."""
    return 14 * (n + 1)


def faded_floats(length: int) -> int:
    """Floats that `window_faded` needs."""
    return 2 * length + 2


@kernel
def window_faded(f: Any, i: Any, a: int, b: int, n: int, keep: float, index: float, v: float) -> float:
    """The sum of the last n values, each times `keep` to the power of its age: the newest counts in full.

    State and calls are as for `window_sum`: NaN until there are n values, and while a NaN is among them.
    """
    h = b + n
    block = math.floor(index / n)
    if i[h + COUNT] == 0 or block != i[h + BLOCK]:
        k = i[h + PLACE]
        ended, power = 0.0, 1.0
        for back in range(i[h + WITHIN]):
            k = k - 1 if k > 0 else n - 1
            ended += f[a + k] * power
            power *= keep
            f[a + k] = ended
            f[a + n + k] = power
            i[b + k] = back + 1
        i[h + BLOCK] = block
        i[h + WITHIN] = 0
        f[a + 2 * n] = 0.0
        f[a + 2 * n + 1] = 1.0
    k = i[h + PLACE]
    f[a + k] = v
    f[a + 2 * n] = f[a + 2 * n] * keep + v
    f[a + 2 * n + 1] *= keep
    k = k + 1 if k + 1 < n else 0
    i[h + PLACE] = k
    i[h + WITHIN] += 1
    i[h + COUNT] = min(i[h + COUNT] + 1, n)
    if i[h + COUNT] < n:
        return math.nan
    rest = n - i[h + WITHIN]
    total = 0.0
    while rest > 0:
        total = total * f[a + n + k] + f[a + k]
        passed = i[b + k]
        rest -= passed
        k += passed
        if k >= n:
            k -= n
    return float(total * f[a + 2 * n + 1] + f[a + 2 * n])
