"""How highs and lows go together: their correlation over the last n candles.

high_low_correlation = Pearson's correlation of high and low; 0 where either does not move.

Source: TA-Lib, CORREL of high and low. TA-Lib takes moves below 1e-14 for none, here only moves of exactly 0 are, so
that the price's size does not matter. Inputs: high, low. Warm-up: n candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    _, xx, _, yy, xy = window_comoments(f, i, 0, 0, int(p[0]), c.index[t], c.high[t], c.low[t])
    o[0] = correlation(xx, yy, xy)


FAMILY = FeatureFamily(
    name="high_low_correlation",
    category="statistics",
    memory="window",
    inputs=("high", "low"),
    parameters=(FeatureParameter("n", 30, 2, 1000, "candles of the window"),),
    outputs=(FeatureOutput("high_low_correlation", "correlation of high and low", "1", low=-1, high=1),),
    variants=((10,), (30,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=comoments_floats,
    ints=window_ints,
)
