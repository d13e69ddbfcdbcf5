"""Correlation of two symbols by name, `correlation_xrp_btc_20`: the same value for every symbol of the batch.

Pearson's correlation of the log returns of both, each since the batch before in which both have a candle, over the
last n such pairs, if they lie within the last 2 n candle numbers; 0 where either does not move, 1 of a symbol with
itself. Missing for all where one of the two has no candle in the batch.

Source: textbook. Inputs: close. Warm-up: 2 n candles. Not in the catalogue's list, as it is only there by name.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.panel.common import common_returns, number_before
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    here, there, n = at[int(p[0])], at[int(p[1])], int(p[2])
    if here < 0 or there < 0:
        return
    index = c.index[here]
    first = number_before(f, i, 7 * n + 5, n + 4, n, index)
    x, y = common_returns(f, 8 * n + 5, c, here, there)
    if x != x:
        return
    _, xx, _, yy, xy = window_comoments(f, i, 0, 0, n, index, x, y)
    if not index - first < 2 * n:
        return
    r = correlation(xx, yy, xy)
    if here == there and xx > 0.0:
        r = 1.0
    for s in range(symbols):
        o[s * width] = r


FAMILY = FeatureFamily(
    name="pair_correlation",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 3, 1000, "common returns of the window"),),
    outputs=(FeatureOutput("correlation", "correlation of two symbols' returns", "1", low=-1, high=1),),
    variants=(),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 2 * int(n),
    floats=lambda symbols, n: comoments_floats(n) + int(n) + 2,
    ints=lambda symbols, n: window_ints(n) + 2,
    panel=True,
    references=2,
)
