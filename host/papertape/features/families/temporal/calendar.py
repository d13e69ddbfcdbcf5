"""Day of the month and of the year, and how much of month and quarter is left.

day_sin, day_cos = sine and cosine of 2 pi (d - 1) / days of the month, d the day of the month from 1; year_day_sin,
year_day_cos = the same of the day of the year and the days of the year; to_month_end, to_quarter_end = time to the next
first of a month, of a quarter, / that month's, quarter's length; 1 at its first moment. All of the moment at which the
candle closes, UTC: a daily candle of the 31st closes on the 1st.

Source: the usual encoding of cyclic values; days of the Gregorian calendar by Hinnant's algorithms. Inputs: ts, index.
Warm-up: 1 candle. Range: -1 to 1; 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.temporal.moment import DAY, TURN, closed, first_day, year_and_month


@kernel
def left(days: float, begin: int, end: int) -> float:
    """The part of a stretch of days that is left."""
    return (end - days) / (end - begin)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    now = closed(c, t)
    if now == now:
        days = now / DAY
        day = math.floor(days)
        year, month = year_and_month(day)
        begin, end = first_day(year, month), first_day(year, month + 1)
        in_month = TURN * (day - begin) / (end - begin)
        new_year = first_day(year, 1)
        in_year = TURN * (day - new_year) / (first_day(year, 13) - new_year)
        quarter = (month - 1) // 3 * 3 + 1
        o[0] = math.sin(in_month)
        o[1] = math.cos(in_month)
        o[2] = math.sin(in_year)
        o[3] = math.cos(in_year)
        o[4] = left(days, begin, end)
        o[5] = left(days, first_day(year, quarter), first_day(year, quarter + 3))


FAMILY = FeatureFamily(
    name="calendar",
    category="temporal",
    memory="window",
    inputs=("ts", "index"),
    outputs=(
        FeatureOutput("day_sin", "day of the month, sine", "circle", low=-1, high=1),
        FeatureOutput("day_cos", "day of the month, cosine", "circle", low=-1, high=1),
        FeatureOutput("year_day_sin", "day of the year, sine", "circle", low=-1, high=1),
        FeatureOutput("year_day_cos", "day of the year, cosine", "circle", low=-1, high=1),
        FeatureOutput("to_month_end", "part of the month that is left", "fraction", low=0, high=1),
        FeatureOutput("to_quarter_end", "part of the quarter that is left", "fraction", low=0, high=1),
    ),
    step=step,
    definition=__doc__,
)
