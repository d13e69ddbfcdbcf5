"""Streak: how many candles in a row the close has moved one way, and how far it came.

streak = candles since the close last stood still or moved the other way, positive where it rises, negative where it
falls, 0 where it stands still; counted over the last 50 candles. streak_return = ln(close / close before the streak).

Source: plain counting; the streak as in Connors and Alvarez, An Introduction to ConnorsRSI (2012). Inputs: close.
Warm-up: 51 candles. The count is cut at 50, so that it is the same wherever history begins.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel

LONGEST = 50


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    run = 0
    if c.close[t] > c.close[t - 1]:
        while run < LONGEST and c.close[t - run] > c.close[t - run - 1]:
            run += 1
        o[0] = float(run)
    elif c.close[t] < c.close[t - 1]:
        while run < LONGEST and c.close[t - run] < c.close[t - run - 1]:
            run += 1
        o[0] = float(-run)
    else:
        o[0] = 0.0
    o[1] = math.log(c.close[t] / c.close[t - run]) if run > 0 else 0.0


FAMILY = FeatureFamily(
    name="streak",
    category="momentum",
    memory="path",
    inputs=("close",),
    outputs=(
        FeatureOutput("streak", "closes in a row that moved one way, signed", "candles", low=-LONGEST, high=LONGEST),
        FeatureOutput("streak_return", "return since the streak began", "log"),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: LONGEST + 1,
    reach=lambda: LONGEST + 1,
)
