"""Time to the next funding of perpetual futures and to the end of the day.

to_funding = time to the next of 00:00, 08:00, 16:00 / 8 hours; to_day_end = time to the next 00:00 / a day; both from
the moment at which the candle closes, UTC, and 1 at such a time itself: that one is over.

Source: the funding times of the large perpetual futures exchanges (every 8 hours from 00:00 UTC; contracts with other
intervals exist). Inputs: ts, index. Warm-up: 1 candle. Range: 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.temporal.moment import DAY, closed


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    now = closed(c, t)
    if now == now:
        thirds = 3.0 * now / DAY
        days = now / DAY
        o[0] = 1.0 - (thirds - math.floor(thirds))
        o[1] = 1.0 - (days - math.floor(days))


FAMILY = FeatureFamily(
    name="countdown",
    category="temporal",
    memory="window",
    inputs=("ts", "index"),
    outputs=(
        FeatureOutput("to_funding", "part of the 8 hours to funding that is left", "fraction", low=0, high=1),
        FeatureOutput("to_day_end", "part of the day that is left", "fraction", low=0, high=1),
    ),
    step=step,
    definition=__doc__,
)
