"""Gaps: how far a candle opens from the close before, and how far bodies stand apart.

With span = mean true range of the last n candles: open_gap_n = (open - close before) / span; body_gap_n = the distance
between this body and the one before, positive where this is the higher one, 0 where they meet, / span. 0 where the span
is 0.

Source: our own definition; true range as Wilder has it (1978). Inputs: open, close, span. Warm-up: n + 1 candles. Unit:
multiples of the mean true range.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.candlestick.anatomy import bottom, top
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    spans = window_sum(f, i, 0, 0, n, c.index[t], c.span[t])
    o[0] = 0.0
    o[1] = 0.0
    if spans != 0.0:
        o[0] = n * ((c.open[t] - c.close[t - 1]) / spans)
        above, below = bottom(c, t) - top(c, t - 1), bottom(c, t - 1) - top(c, t)
        o[1] = n * ((max(above, 0.0) - max(below, 0.0)) / spans)


FAMILY = FeatureFamily(
    name="gap",
    category="candlestick",
    memory="window",
    inputs=("open", "close", "span"),
    parameters=(FeatureParameter("n", 14, 2, 1000, "candles of the mean true range"),),
    outputs=(
        FeatureOutput("open_gap", "open above the close before", "multiples of the mean true range"),
        FeatureOutput("body_gap", "distance of the body from the one before", "multiples of the mean true range"),
    ),
    variants=((14,),),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
