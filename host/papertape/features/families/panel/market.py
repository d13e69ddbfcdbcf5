"""How a symbol moves with the mean of all symbols of the session.

A symbol counts in a batch if it has a candle there and in the candle number before; y is its log return, x the
equal-weighted mean of those that count, itself among them; there is none where fewer than half of the session's
symbols count. Over the last n batches in which the symbol counts, if they lie within the last 2 n candle numbers:
market_correlation = Pearson's correlation of x and y, 0 where either does not move; market_beta = covariance /
variance of x, 0 where x does not move. average_correlation = the mean of market_correlation over the symbols that have
one in the batch, half of the session's at least, the same for all of them: how much the market moves as one, close to
the root of the mean pairwise correlation where all are alike and many.

Source: textbook (one-factor market model). Inputs: close. Warm-up: 2 n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.panel.common import change, number_before
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    # State of a symbol: the window of pairs, the numbers of the last n - 1 batches in which it counts.
    n = int(p[0])
    counted, x = 0, 0.0
    for s in range(symbols):
        if at[s] >= 0:
            y = change(c, at[s], 1, 2.0)
            if y == y:
                counted += 1
                x += y
    if counted == 0 or 2 * counted < symbols:
        return
    x /= counted
    total, defined = 0.0, 0
    for s in range(symbols):
        if at[s] < 0:
            continue
        y = change(c, at[s], 1, 2.0)
        if y != y:
            continue
        a, b, index = s * (8 * n + 4), s * (n + 6), c.index[at[s]]
        first = number_before(f, i, a + 7 * n + 5, b + n + 4, n - 1, index)
        _, xx, _, yy, xy = window_comoments(f, i, a, b, n, index, x, y)
        if index - first < 2 * n:
            r = correlation(xx, yy, xy)
            o[s * width] = r
            o[s * width + 1] = xy / xx if xx > 0.0 else 0.0
            total += r
            defined += 1
    if defined > 0 and 2 * defined >= symbols:
        for s in range(symbols):
            if o[s * width] == o[s * width]:
                o[s * width + 2] = min(max(total / defined, -1.0), 1.0)


FAMILY = FeatureFamily(
    name="market",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 50, 3, 1000, "returns of the window"),),
    outputs=(
        FeatureOutput("market_correlation", "correlation of returns with the mean of all", "1", low=-1, high=1),
        FeatureOutput("market_beta", "return for a return of the mean of all", "1"),
        FeatureOutput("average_correlation", "mean of all symbols' correlation with the mean", "1", low=-1, high=1),
    ),
    variants=((20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 2 * int(n) + 1,
    reach=lambda symbols, n: 2,
    floats=lambda symbols, n: symbols * (comoments_floats(n) + int(n) - 1),
    ints=lambda symbols, n: symbols * (window_ints(n) + 2),
    panel=True,
)
