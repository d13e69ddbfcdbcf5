"""Trading sessions: which markets are at work.

1 while a session lasts, else 0, by the moment at which the candle closes, UTC, from the first minute of a session up to
but not at its end:

- session_asia 00:00 to 09:00 (Tokyo 9 to 18), session_london 08:00 to 17:00, session_new_york 13:00 to 22:00 (8 to 17),
  session_overlap 13:00 to 17:00, London and New York both;
- session_us_stocks 14:30 to 21:00 (9:30 to 16), Monday to Friday.

Hours are those of winter time all year: a clock that others change must not change a feature. The first four take no
heed of weekends, as do the markets in question; `weekend` tells.

Source: the office hours of the places, and the New York Stock Exchange's trading hours. Inputs: ts, index. Warm-up:
1 candle. Range: 0 or 1. On daily candles all but session_asia are 0.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.temporal.moment import DAY, closed


@kernel
def within(hour: float, begin: float, end: float) -> float:
    return 1.0 if begin <= hour < end else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    now = closed(c, t)
    if now == now:
        day = math.floor(now / DAY)
        hour = (now - DAY * day) / 3_600_000.0
        o[0] = within(hour, 0.0, 9.0)
        o[1] = within(hour, 8.0, 17.0)
        o[2] = within(hour, 13.0, 22.0)
        o[3] = within(hour, 13.0, 17.0)
        o[4] = within(hour, 14.5, 21.0) if (day + 3) % 7 < 5 else 0.0  # day 0 was a Thursday


FAMILY = FeatureFamily(
    name="session",
    category="temporal",
    memory="window",
    inputs=("ts", "index"),
    outputs=(
        FeatureOutput("session_asia", "Asia at work", "flag", low=0, high=1),
        FeatureOutput("session_london", "London at work", "flag", low=0, high=1),
        FeatureOutput("session_new_york", "New York at work", "flag", low=0, high=1),
        FeatureOutput("session_overlap", "London and New York at work", "flag", low=0, high=1),
        FeatureOutput("session_us_stocks", "the American stock market is open", "flag", low=0, high=1),
    ),
    step=step,
    definition=__doc__,
)
