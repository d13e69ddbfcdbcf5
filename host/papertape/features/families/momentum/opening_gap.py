"""Gap: how far the candle opened from the close before.

gap = ln(open / close before).

Source: plain definition; the opening jump of Yang and Zhang (2000). Inputs: open, close. Warm-up: 2 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = math.log(c.open[t] / c.close[t - 1])


FAMILY = FeatureFamily(
    name="opening_gap",
    category="momentum",
    memory="window",
    inputs=("open", "close"),
    outputs=(FeatureOutput("gap", "open to the close before", "log"),),
    step=step,
    definition=__doc__,
    warmup=lambda: 2,
    reach=lambda: 2,
)
