"""Permutation entropy of the last n patterns of `order` closes: how evenly the orders of neighbours occur.

A pattern is the order by size of `order` closes in a row, equal ones ranking by time. permutation_entropy = -sum of q
log q over the shares q of the patterns that occur, over log(order!): 1 where all occur alike, 0 where only one does.

Source: Bandt, Pompe, Permutation entropy: a natural complexity measure for time series (2002). Inputs: close. Warm-up:
n + order - 1 candles. Range: 0 to 1. The counts are whole numbers, so that adding and taking away leaves no trace.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def pattern(c: Columns, t: int, order: int) -> int:
    """The number, from 0, of the order of the closes up to t."""
    code = 0
    for first in range(order - 1, 0, -1):
        lower = 0
        for second in range(first):
            if c.close[t - second] < c.close[t - first]:
                lower += 1
        code = code * (first + 1) + lower
    return code


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    # State: ints: the last n patterns, how often each occurs, the place of the next, how many there are;
    # floats: k log k for the counts k that have occurred.
    n, order = int(p[0]), int(p[1])
    patterns = 1
    for k in range(2, order + 1):
        patterns *= k
    place, filled = n + patterns, n + patterns + 1
    at = i[place]
    if i[filled] == n:
        i[n + i[at]] -= 1
    else:
        i[filled] += 1
    code = pattern(c, t, order)
    i[at] = code
    i[n + code] += 1
    i[place] = at + 1 if at + 1 < n else 0
    count = i[n + code]
    if count > 1 and f[count] == 0.0:
        f[count] = count * math.log(float(count))
    if i[filled] == n:
        total = 0.0
        for k in range(patterns):
            total += f[i[n + k]]
        o[0] = min(max((math.log(float(n)) - total / n) / math.log(float(patterns)), 0.0), 1.0)


FAMILY = FeatureFamily(
    name="permutation_entropy",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 100, 10, 1000, "patterns of the window"),
        FeatureParameter("order", 3, 2, 5, "closes of a pattern"),
    ),
    outputs=(FeatureOutput("permutation_entropy", "how evenly orders of closes occur", "fraction", low=0, high=1),),
    variants=((50, 3), (100, 4), (200, 3)),
    step=step,
    definition=__doc__,
    warmup=lambda n, order: int(n + order) - 1,
    reach=lambda n, order: int(order),
    floats=lambda n, order: int(n) + 1,
    ints=lambda n, order: int(n) + math.factorial(int(order)) + 2,
)
