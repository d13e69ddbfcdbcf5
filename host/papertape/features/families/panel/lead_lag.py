"""Whether a reference symbol's returns come before a symbol's, or after.

Log returns x of the reference and y of the symbol, each since the batch before in which both have a candle; ' marks
those of the common batch before. Over the last n: lead_correlation = Pearson's correlation of x' and y, so the
reference leads; lag_correlation = that of y' and x, so it follows. 0 where one side does not move. Defined where the
n + 2 common batches lie within the last 2 n candle numbers. Of the reference itself both are its autocorrelation.

Source: textbook (cross-correlation at lag 1). Inputs: close. Warm-up: 2 n candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.panel.common import common_returns, number_before
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    # State of a symbol: two windows of pairs, the numbers of the last n + 1 common batches, the last common closes and
    # returns, and whether there are such returns.
    there, n = at[int(p[0])], int(p[1])
    if there < 0:
        return
    index = c.index[there]
    floats, ints = 7 * n + 5, n + 4
    for s in range(symbols):
        if at[s] < 0:
            continue
        a, b = s * (15 * n + 15), s * (2 * n + 11)
        first = number_before(f, i, a + 2 * floats, b + 2 * ints, n + 1, index)
        own = a + 2 * floats + n + 1
        y, x = common_returns(f, own, c, at[s], there)
        if x != x:
            continue
        before_y, before_x = f[own + 2], f[own + 3]
        f[own + 2], f[own + 3] = y, x
        if i[b + 2 * ints + 2] == 0:
            i[b + 2 * ints + 2] = 1
            continue
        _, xx, _, yy, xy = window_comoments(f, i, a, b, n, index, before_x, y)
        _, uu, _, vv, uv = window_comoments(f, i, a + floats, b + ints, n, index, before_y, x)
        if index - first < 2 * n:
            o[s * width] = correlation(xx, yy, xy)
            o[s * width + 1] = correlation(uu, vv, uv)


FAMILY = FeatureFamily(
    name="lead_lag",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 50, 5, 1000, "common returns of the window"),),
    outputs=(
        FeatureOutput(
            "lead_correlation", "correlation of returns with the reference's return before", "1", low=-1, high=1
        ),
        FeatureOutput(
            "lag_correlation", "correlation of the reference's returns with the return before", "1", low=-1, high=1
        ),
    ),
    variants=((20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 2 * int(n),
    floats=lambda symbols, n: symbols * (2 * comoments_floats(n) + int(n) + 5),
    ints=lambda symbols, n: symbols * (2 * window_ints(n) + 3),
    panel=True,
    references=1,
)
