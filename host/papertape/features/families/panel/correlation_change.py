"""How the correlation with a reference symbol has changed, over n returns that both have.

correlation_change = `correlation` over the last n common returns - the same n common batches ago. Defined where both
are: each window's returns within 2 n candle numbers, the earlier one's end no more than 2 n before the newest. 0 for
the reference itself while it moves.

Source: ours, of Pearson's correlation. Inputs: close. Warm-up: 4 n candles. Range: -2 to 2.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.panel.common import common_returns, number_before
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    # State of a symbol: the window of pairs, the numbers of the last n common batches, the last common closes, and
    # the last n correlations.
    there, n = at[int(p[0])], int(p[1])
    if there < 0:
        return
    index = c.index[there]
    for s in range(symbols):
        if at[s] < 0:
            continue
        a, b = s * (9 * n + 7), s * (n + 6)
        place = i[b + n + 4]
        first = number_before(f, i, a + 7 * n + 5, b + n + 4, n, index)
        y, x = common_returns(f, a + 8 * n + 5, c, at[s], there)
        r = math.nan
        if x == x:
            _, xx, _, yy, xy = window_comoments(f, i, a, b, n, index, x, y)
            if index - first < 2 * n:
                r = 1.0 if int(p[0]) == s and xx > 0.0 else correlation(xx, yy, xy)
        before = f[a + 8 * n + 7 + place]
        f[a + 8 * n + 7 + place] = r
        if index - first < 2 * n:
            o[s * width] = r - before


FAMILY = FeatureFamily(
    name="correlation_change",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 3, 1000, "common returns of each window"),),
    outputs=(FeatureOutput("correlation_change", "rise of the correlation with the reference", "1", low=-2, high=2),),
    variants=((20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 4 * int(n),
    floats=lambda symbols, n: symbols * (comoments_floats(n) + 2 * int(n) + 2),
    ints=lambda symbols, n: symbols * (window_ints(n) + 2),
    panel=True,
    references=1,
)
