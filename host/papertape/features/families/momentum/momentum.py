"""Momentum: how far the close has come in n candles, in quote currency and in mean true ranges.

momentum = close - before, before = the close n candles ago; momentum_atr = momentum / mean true range of the last n
candles, 0 where they did not move.

Source: TA-Lib, MOM; the mean true range as in Wilder (1978), as a plain mean. Inputs: high, low, close. Warm-up: n + 1
candles. momentum follows the price's own size as TA-Lib's does; momentum_atr is its scale-free companion, in -n..n.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    moved = c.close[t] - c.close[t - n]
    spans = window_sum(f, i, 0, 0, n, c.index[t], c.span[t])
    o[0] = moved
    if spans == spans:
        o[1] = n * moved / spans if spans > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="momentum",
    category="momentum",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 10, 1, 1000, "candles of the move"),),
    outputs=(
        FeatureOutput("momentum", "move of the close over n candles", "quote currency", scale="close", level=True),
        FeatureOutput("momentum_atr", "move of the close over n candles", "mean true ranges"),
    ),
    variants=((10,), (30,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: int(n) + 1,
    floats=sum_floats,
    ints=window_ints,
)
