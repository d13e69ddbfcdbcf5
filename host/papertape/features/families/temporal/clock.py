"""Hour of the day and minute of the hour, as points on a circle.

hour_sin, hour_cos = sine and cosine of 2 pi hour / 24, the whole hour 0 to 23; minute_sin, minute_cos the same of the
minute / 60, 0 to 59; both of the moment at which the candle closes, UTC. A candle from 11:59 to 12:00 has hour 12,
minute 0. On candles of whole hours the minute is always 0, and the hour on those of whole days.

Source: the usual encoding of cyclic values. Inputs: ts, index. Warm-up: 1 candle. Range: -1 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.temporal.moment import TURN, closed


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    now = closed(c, t)
    if now == now:
        minutes = math.floor(now / 60_000.0)
        hour = TURN * (minutes // 60 % 24) / 24.0
        minute = TURN * (minutes % 60) / 60.0
        o[0] = math.sin(hour)
        o[1] = math.cos(hour)
        o[2] = math.sin(minute)
        o[3] = math.cos(minute)


FAMILY = FeatureFamily(
    name="clock",
    category="temporal",
    memory="window",
    inputs=("ts", "index"),
    outputs=(
        FeatureOutput("hour_sin", "hour of the day, sine", "circle", low=-1, high=1),
        FeatureOutput("hour_cos", "hour of the day, cosine", "circle", low=-1, high=1),
        FeatureOutput("minute_sin", "minute of the hour, sine", "circle", low=-1, high=1),
        FeatureOutput("minute_cos", "minute of the hour, cosine", "circle", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
)
