"""Psychological line: how many of the last n candles rose, in percent.

psy = 100 candles with a close above the one before, of the last n, / n.

Source: Achelis, Technical Analysis from A to Z (2000), Psychological Line. Inputs: close. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    change = c.close[t] - c.close[t - 1]
    rose = (1.0 if change > 0.0 else 0.0) if change == change else change
    o[0] = 100.0 * window_sum(f, i, 0, 0, n, c.index[t], rose) / n


FAMILY = FeatureFamily(
    name="psy",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 12, 2, 1000, "candles that are counted"),),
    outputs=(FeatureOutput("psy", "share of the candles whose close rose", "0..100", 0, 100, scale=100),),
    variants=((12,), (30,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=sum_floats,
    ints=window_ints,
)
