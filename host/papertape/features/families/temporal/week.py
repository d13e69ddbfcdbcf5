"""Day of the week, weekend, and how much of the week is left.

dow_sin, dow_cos = sine and cosine of 2 pi d / 7, d the day of the week, Monday 0; weekend = 1 on Saturday and Sunday,
else 0; to_week_end = time to the next Monday 00:00 / a week, 1 at Monday 00:00 itself. All of the moment at which the
candle closes, UTC: a daily candle of Sunday closes on Monday.

Source: the usual encoding of cyclic values. Inputs: ts, index. Warm-up: 1 candle. Range: -1 to 1; 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.temporal.moment import DAY, TURN, WEEK, closed


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    now = closed(c, t)
    if now == now:
        monday = now + 3.0 * DAY  # 1970-01-01 was a Thursday
        passed = monday - WEEK * math.floor(monday / WEEK)
        day = math.floor(passed / DAY)
        o[0] = math.sin(TURN * day / 7.0)
        o[1] = math.cos(TURN * day / 7.0)
        o[2] = 1.0 if day >= 5 else 0.0
        o[3] = 1.0 - passed / WEEK


FAMILY = FeatureFamily(
    name="week",
    category="temporal",
    memory="window",
    inputs=("ts", "index"),
    outputs=(
        FeatureOutput("dow_sin", "day of the week, sine", "circle", low=-1, high=1),
        FeatureOutput("dow_cos", "day of the week, cosine", "circle", low=-1, high=1),
        FeatureOutput("weekend", "1 on Saturday and Sunday", "flag", low=0, high=1),
        FeatureOutput("to_week_end", "part of the week that is left", "fraction", low=0, high=1),
    ),
    step=step,
    definition=__doc__,
)
