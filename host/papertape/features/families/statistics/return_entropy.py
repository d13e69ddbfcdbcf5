"""Entropy of the log returns of the last n candles, by a histogram as wide as they vary.

The returns fall into 10 bins, each half a standard deviation (population) wide, five on either side of their mean, the
outer two open. return_entropy = -sum of q log q over the shares q of the bins, over log 10: low where few returns make
all of the variance, about 0.91 for normal ones. Undefined where returns do not vary.

Source: Shannon, A mathematical theory of communication (1948); the bins are ours. Inputs: close. Computed once in n /
10 candle numbers, anchored in absolute time, and held in between. Warm-up: n + 1 + n / 10 candles. Range: 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel

BINS = 10


@kernel
def histogram_entropy(i: Any, c: Columns, t: int, n: int) -> float:
    """Of the n returns up to t; `i[0:10]` for the counts."""
    mean = 0.0
    for k in range(n):
        mean += c.gain[t - k]
    mean /= n
    squares = 0.0
    for k in range(n):
        squares += (c.gain[t - k] - mean) ** 2
    width = 0.5 * math.sqrt(squares / n)
    if not 0.0 < width < math.inf:
        return math.nan
    for k in range(BINS):
        i[k] = 0
    for k in range(n):
        bins = min(max((c.gain[t - k] - mean) / width + 0.5 * BINS, 0.0), BINS - 1.0)
        i[int(bins)] += 1
    total = 0.0
    for k in range(BINS):
        if i[k] > 0:
            total += i[k] * math.log(float(i[k]))
    return min(max((math.log(float(n)) - total / n) / math.log(float(BINS)), 0.0), 1.0)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    # State: floats: the value held, the number of the cadence's block; ints: the counts, whether there was a candle.
    n = int(p[0])
    block = math.floor(c.index[t] / (n // 10))
    if i[BINS] == 0:
        f[0] = math.nan
    elif block != f[1]:
        f[0] = histogram_entropy(i, c, t, n)
    f[1] = block
    i[BINS] = 1
    o[0] = f[0]


FAMILY = FeatureFamily(
    name="return_entropy",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 100, 20, 1000, "returns of the window"),),
    outputs=(FeatureOutput("return_entropy", "entropy of the returns' histogram", "fraction", low=0, high=1),),
    variants=((50,), (100,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1 + int(n) // 10,
    reach=lambda n: int(n),
    floats=lambda n: 2,
    ints=lambda n: BINS + 1,
)
