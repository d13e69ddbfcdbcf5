"""Where the newest close, return and true range rank among those of the last n candles.

Rank = (values of the n - 1 candles before that are lower + half of those that are equal) / (n - 1): 0 the lowest, 1
the highest, 0.5 where all are equal. close_rank of the close, return_rank of the log return, range_rank of the true
range.

Source: textbook (percentile rank, ties counting half). Inputs: high, low, close. Warm-up: n + 1 candles. Range: 0 to
1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def rank(values: Any, t: int, n: int) -> float:
    """The rank of `values[t]` among itself and the n - 1 before."""
    v = values[t]
    if v != v:
        return math.nan
    lower, equal = 0, 0
    for k in range(t - n + 1, t):
        lower += 1 if values[k] < v else 0
        equal += 1 if values[k] == v else 0
    return (lower + 0.5 * equal) / (n - 1.0)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    o[0] = rank(c.close, t, n)
    o[1] = rank(c.gain, t, n)
    o[2] = rank(c.span, t, n)


FAMILY = FeatureFamily(
    name="percent_rank",
    category="statistics",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 100, 3, 1000, "candles of the window"),),
    outputs=(
        FeatureOutput("close_rank", "rank of the close in the window", "fraction", low=0, high=1),
        FeatureOutput("return_rank", "rank of the log return in the window", "fraction", low=0, high=1),
        FeatureOutput("range_rank", "rank of the true range in the window", "fraction", low=0, high=1),
    ),
    variants=((20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: int(n),
)
