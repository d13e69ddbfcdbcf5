"""How a symbol moves with a reference symbol, over the last n returns that both have.

Pairs (x, y) of log returns of the reference and of the symbol, each since the batch before in which both have a
candle. Over the last n pairs, if they lie within the last 2 n candle numbers: correlation = Pearson's, 0 where either
does not move; beta = covariance / variance of x, 0 where x does not move; own_volatility = sqrt((1 - correlation^2)
mean of (y - mean y)^2), what of the symbol's volatility the reference does not explain, of one return;
relative_volatility = standard deviation of y / that of x, undefined where x does not move.

The reference against itself: correlation 1 and beta 1 (0 where it does not move), own_volatility 0,
relative_volatility 1. Missing where symbol or reference has no candle in the batch, or n + 1 common batches do not lie
within 2 n candle numbers.

Source: textbook; beta as TA-Lib's BETA, there of relative changes, here of log returns. Inputs: close. Warm-up: 2 n
candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.panel.common import common_returns, number_before
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    # State of a symbol: the window of pairs, the numbers of the last n common batches, the last common closes.
    there, n = at[int(p[0])], int(p[1])
    if there < 0:
        return
    index = c.index[there]
    for s in range(symbols):
        if at[s] < 0:
            continue
        a, b = s * (8 * n + 7), s * (n + 6)
        first = number_before(f, i, a + 7 * n + 5, b + n + 4, n, index)
        y, x = common_returns(f, a + 8 * n + 5, c, at[s], there)
        if x != x:
            continue
        _, xx, _, yy, xy = window_comoments(f, i, a, b, n, index, x, y)
        if not index - first < 2 * n:
            continue
        r = correlation(xx, yy, xy)
        if int(p[0]) == s and xx > 0.0:
            r = 1.0
        o[s * width] = r
        o[s * width + 1] = xy / xx if xx > 0.0 else 0.0
        o[s * width + 2] = math.sqrt((1.0 - r * r) * yy / n)
        if xx > 0.0:
            o[s * width + 3] = math.sqrt(yy / xx)


FAMILY = FeatureFamily(
    name="comovement",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 3, 1000, "common returns of the window"),),
    outputs=(
        FeatureOutput("correlation", "correlation of returns with the reference's", "1", low=-1, high=1),
        FeatureOutput("beta", "return for a return of the reference", "1"),
        FeatureOutput("own_volatility", "deviation of returns that the reference does not explain", "fraction", low=0),
        FeatureOutput("relative_volatility", "deviation of returns against the reference's", "1", low=0),
    ),
    variants=((20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 2 * int(n),
    floats=lambda symbols, n: symbols * (comoments_floats(n) + int(n) + 2),
    ints=lambda symbols, n: symbols * (window_ints(n) + 2),
    panel=True,
    references=1,
)
