"""Trend of a higher timeframe, from closed blocks of candles.

Blocks hold the candles whose number since 1970 has the same quotient by k. A block is closed once its last candle is
there, or, where that is missing, the first of a later one. htf_trend = ln(C_0 / C_n) / sum of |ln(C_j / C_j+1)|, j = 0
to n - 1, C_j = the last close of the block j before the newest closed one (blocks without a candle are passed over); 0
where the closes do not differ.

Source: Kaufman's efficiency ratio (1995), signed, on blocks. Inputs: close. Warm-up: k (n + 2) candles. Range: -1 to 1.
Between the ends of blocks it stands still.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel

PLACE = 0
CLOSED = 1
BLOCK = 2
OPEN = 3
BEGUN = 4


@kernel
def block_trend(f: Any, i: Any, a: int, b: int, k: int, n: int, index: float, close: float) -> float:
    """The trend of the last n closed blocks of k; n + 3 floats at `f[a:]`, 5 ints at `i[b:]`."""
    block = math.floor(index / k)
    ends = index - block * k == k - 1
    late = i[b + BEGUN] == 1 and i[b + OPEN] == 1 and block != i[b + BLOCK]
    if late:
        _closed(f, i, a, b, n, f[a + n + 1])
    if ends:
        _closed(f, i, a, b, n, close)
    if late or ends:
        f[a + n + 2] = _signed_efficiency(f, i, a, b, n)
    f[a + n + 1] = close
    i[b + BLOCK] = block
    i[b + OPEN] = 0 if ends else 1
    i[b + BEGUN] = 1
    return float(f[a + n + 2]) if i[b + CLOSED] > n else math.nan


@kernel
def _closed(f: Any, i: Any, a: int, b: int, n: int, close: float) -> None:
    """Puts a block's close into the ring of n + 1."""
    place = i[b + PLACE]
    f[a + place] = close
    i[b + PLACE] = place + 1 if place < n else 0
    i[b + CLOSED] = min(i[b + CLOSED] + 1, n + 1)


@kernel
def _signed_efficiency(f: Any, i: Any, a: int, b: int, n: int) -> float:
    if i[b + CLOSED] <= n:
        return math.nan
    place = i[b + PLACE]
    last = f[a + (place - 1 if place > 0 else n)]
    way = 0.0
    for _ in range(n):
        before = f[a + place]
        place = place + 1 if place < n else 0
        way += abs(math.log(f[a + place] / before))
    first = f[a + i[b + PLACE]]
    return math.log(last / first) / way if way > 0.0 else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = block_trend(f, i, 0, 0, int(p[0]), int(p[1]), c.index[t], c.close[t])


FAMILY = FeatureFamily(
    name="htf_trend",
    category="direction",
    memory="window",
    inputs=("close", "index"),
    parameters=(
        FeatureParameter("k", 5, 1, 1440, "candles of a block"),
        FeatureParameter("n", 6, 2, 100, "closed blocks"),
    ),
    outputs=(FeatureOutput("htf_trend", "trend of the closed blocks", "fraction", low=-1, high=1),),
    variants=((5, 6), (15, 6), (60, 6)),
    step=step,
    definition=__doc__,
    warmup=lambda k, n: int(k) * (int(n) + 2),
    floats=lambda k, n: int(n) + 3,
    ints=lambda k, n: 5,
)
