"""How much lows move with highs over the last n candles.

Regression of the lows' relative changes y on the highs' x, with a constant: high_low_beta = sum of (x - mean x)(y -
mean y) / sum of (x - mean x)^2; 0 where highs do not move.

Source: TA-Lib, BETA of high and low. TA-Lib takes variances below 1e-14 for none, here only 0 is. Inputs: high, low.
Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    x = c.high[t] / c.high[t - 1] - 1.0
    y = c.low[t] / c.low[t - 1] - 1.0
    _, xx, _, _, xy = window_comoments(f, i, 0, 0, int(p[0]), c.index[t], x, y)
    o[0] = 0.0 if xx == 0.0 else xy / xx


FAMILY = FeatureFamily(
    name="high_low_beta",
    category="statistics",
    memory="window",
    inputs=("high", "low"),
    parameters=(FeatureParameter("n", 5, 2, 1000, "candles of the window"),),
    outputs=(FeatureOutput("high_low_beta", "relative change of lows for that of highs", "1"),),
    variants=((5,), (20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=comoments_floats,
    ints=window_ints,
)
