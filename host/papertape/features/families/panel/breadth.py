"""How many symbols of the session take part in a move: the same value for every symbol of the batch.

A symbol counts in a batch if it has a candle there and its last n + 1 candles lie within the last 2 n candle numbers.
Of the symbols that count: breadth = share whose close is above the mean of their last n closes; breadth_returns =
share whose close is above that n candles ago; breadth_extremes = (those at the highest of their last n closes - those
at the lowest) / all that count, one whose n closes are equal being neither. Missing where fewer than half of the
session's symbols count.

Source: Zweig, Winning on Wall Street (1986); Achelis, Technical Analysis from A to Z (2000), new highs and lows.
Inputs: close. Warm-up: 2 n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import (
    moments_floats,
    sum_floats,
    window_highest,
    window_ints,
    window_lowest,
    window_moments,
)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, at: Any, symbols: int, o: Any, width: int) -> None:
    n = int(p[0])
    counted, above, risen, extreme = 0, 0, 0, 0
    for s in range(symbols):
        t = at[s]
        if t < 0:
            continue
        a, b = s * (7 * n + 4), s * (3 * n + 12)
        index, close = c.index[t], c.close[t]
        mean, _ = window_moments(f, i, a, b, n, index, close)
        highest = window_highest(f, i, a + 3 * n + 2, b + n + 4, n, index, close)
        lowest = window_lowest(f, i, a + 5 * n + 3, b + 2 * n + 8, n, index, close)
        if not index - c.index[t - n] < 2 * n:
            continue
        counted += 1
        above += 1 if close > mean else 0
        risen += 1 if close > c.close[t - n] else 0
        if highest > lowest:
            extreme += 1 if close == highest else -1 if close == lowest else 0
    if counted == 0 or 2 * counted < symbols:
        return
    for s in range(symbols):
        o[s * width] = above / counted
        o[s * width + 1] = risen / counted
        o[s * width + 2] = extreme / counted


FAMILY = FeatureFamily(
    name="breadth",
    category="cross-symbol",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of each symbol's window"),),
    outputs=(
        FeatureOutput("breadth", "share of symbols above their mean", "fraction", low=0, high=1),
        FeatureOutput("breadth_returns", "share of symbols that rose", "fraction", low=0, high=1),
        FeatureOutput("breadth_extremes", "symbols at their highest less those at their lowest", "fraction", -1, 1),
    ),
    variants=((5,), (20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda symbols, n: 2 * int(n),
    reach=lambda symbols, n: int(n) + 1,
    floats=lambda symbols, n: symbols * (moments_floats(n) + 2 * sum_floats(n)),
    ints=lambda symbols, n: symbols * 3 * window_ints(n),
    panel=True,
)
