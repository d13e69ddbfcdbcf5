"""Advancing against declining symbols over the last batches: the same value for every symbol of the batch.

A symbol counts in a batch if it has a candle there and in the candle number before. Of a batch: (those whose close
rose - those whose close fell) / those that count, missing where fewer than half of the session's symbols count.
advance_decline = the mean of that over the last n batches in which it is there, if they lie within the last 2 n candle
numbers, this batch among them.

Source: Achelis, Technical Analysis from A to Z (2000), advancing - declining issues. Inputs: close. Warm-up: 2 n + 1
candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.panel.common import number_before
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    # State: the window, then the numbers of the last n - 1 batches that count.
    n = int(p[0])
    counted, net, index = 0, 0, 0.0
    for s in range(symbols):
        t = at[s]
        if t >= 0 and c.index[t] - c.index[t - 1] == 1.0:
            index = c.index[t]
            counted += 1
            net += 1 if c.close[t] > c.close[t - 1] else -1 if c.close[t] < c.close[t - 1] else 0
    if counted == 0 or 2 * counted < symbols:
        return
    total = window_sum(f, i, 0, 0, n, index, net / counted)
    first = number_before(f, i, 2 * n + 1, n + 4, n - 1, index)
    if index - first < 2 * n:
        for s in range(symbols):
            o[s * width] = min(max(total / n, -1.0), 1.0)


FAMILY = FeatureFamily(
    name="advance_decline",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "batches of the window"),),
    outputs=(FeatureOutput("advance_decline", "symbols that rise less those that fall", "fraction", low=-1, high=1),),
    variants=((5,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 2 * int(n) + 1,
    reach=lambda symbols, n: 2,
    floats=lambda symbols, n: sum_floats(n) + int(n) - 1,
    ints=lambda symbols, n: window_ints(n) + 2,
    panel=True,
)
