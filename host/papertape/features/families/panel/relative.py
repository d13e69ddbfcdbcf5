"""A symbol's price against a reference symbol's.

Over the batches in which both have a candle, with x = log(close / the reference's close): relative_strength = x - x n
common batches ago, the log return beyond the reference's; spread_zscore = (x - mean) / s over the last n common
batches, s being the population's standard deviation, 0 where x does not vary. Defined where the n + 1, or n, common
batches lie within the last 2 n candle numbers. 0 of the reference itself.

Source: Levy, Relative strength as a criterion for investment selection (1967); Gatev, Goetzmann, Rouwenhorst, Pairs
trading (2006). Inputs: close. Warm-up: 2 n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.panel.common import number_before
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    # State of a symbol: the window, x of the last n common batches, and the numbers of those.
    there, n = at[int(p[0])], int(p[1])
    if there < 0:
        return
    index = c.index[there]
    for s in range(symbols):
        if at[s] < 0:
            continue
        a, b = s * (5 * n + 2), s * (n + 6)
        x = math.log(c.close[at[s]] / c.close[there])
        mean, squares = window_moments(f, i, a, b, n, index, x)
        place, had = i[b + n + 4], i[b + n + 5]
        before = f[a + 3 * n + 2 + place]
        f[a + 3 * n + 2 + place] = x
        first = number_before(f, i, a + 4 * n + 2, b + n + 4, n, index)
        if index - first < 2 * n:
            o[s * width] = x - before
        oldest = f[a + 4 * n + 2 + i[b + n + 4]]
        if had >= n - 1 and index - oldest < 2 * n:
            o[s * width + 1] = (x - mean) / math.sqrt(squares / n) if squares > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="relative",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 3, 1000, "common batches of the window"),),
    outputs=(
        FeatureOutput("relative_strength", "log return beyond the reference's", "log of price"),
        FeatureOutput("spread_zscore", "price against the reference's, in deviations from the mean", "1"),
    ),
    variants=((5,), (20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 2 * int(n),
    floats=lambda symbols, n: symbols * (moments_floats(n) + 2 * int(n)),
    ints=lambda symbols, n: symbols * (window_ints(n) + 2),
    panel=True,
    references=1,
)
