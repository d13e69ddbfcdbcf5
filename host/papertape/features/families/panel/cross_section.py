"""Where a symbol's return stands among those of all symbols of the session.

A symbol counts in a batch if it has a candle there and its last n + 1 candles lie within the last 2 n candle numbers;
r is the log return over n of its candles. Of the symbols that count: cross_rank = (lower r + half of the equal r, of
the others) / (all - 1), 0 the weakest; cross_zscore = (r - mean) / s, s being the population's standard deviation, 0
where all are equal; cross_return = r - mean; dispersion = s, the same for every symbol of the batch that counts.
Missing where fewer than two, or fewer than half, of the session's symbols count.

Source: Jegadeesh, Titman, Returns to buying winners and selling losers (1993). Inputs: close. Warm-up: 2 n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.panel.common import change
from papertape.features.primitives.windows import joined


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    # `f[s]` holds the return of each symbol in this batch alone.
    n = int(p[0])
    counted, mean, squares = 0, 0.0, 0.0
    for s in range(symbols):
        f[s] = math.nan if at[s] < 0 else change(c, at[s], n, 2.0 * n)
        if f[s] == f[s]:
            mean, squares = joined(counted, mean, squares, 1, f[s], 0.0)
            counted += 1
    if counted < 2 or 2 * counted < symbols:
        return
    deviation = math.sqrt(squares / counted)
    for s in range(symbols):
        r = f[s]
        if r != r:
            continue
        lower, equal = 0, 0
        for k in range(symbols):
            lower += 1 if f[k] < r else 0
            equal += 1 if f[k] == r else 0
        o[s * width] = (lower + 0.5 * (equal - 1)) / (counted - 1.0)
        o[s * width + 1] = (r - mean) / deviation if deviation > 0.0 else 0.0
        o[s * width + 2] = r - mean
        o[s * width + 3] = deviation


FAMILY = FeatureFamily(
    name="cross_section",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 1, 1000, "candles of the return"),),
    outputs=(
        FeatureOutput("cross_rank", "rank of the return among all symbols", "fraction", low=0, high=1),
        FeatureOutput("cross_zscore", "return in deviations from the mean of all symbols", "1"),
        FeatureOutput("cross_return", "log return beyond the mean of all symbols", "log of price"),
        FeatureOutput("dispersion", "standard deviation of returns among all symbols", "log of price", low=0),
    ),
    variants=((1,), (5,), (20,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 2 * int(n),
    reach=lambda symbols, n: int(n) + 1,
    floats=lambda symbols, n: symbols,
    panel=True,
)
