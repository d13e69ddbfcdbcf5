"""The moment of a candle's close, which is when features are used; and the calendar around it. All times UTC."""

import math
from typing import Any

from papertape.contract.feature import kernel

DAY = 86_400_000.0
WEEK = 604_800_000.0
TURN = 2.0 * math.pi


@kernel
def closed(c: Any, t: int) -> float:
    """When the candle closes, ms UTC: its open time and the timeframe; NaN in the first timeframe of 1970.

    A candle's number is its open time over the timeframe, so the timeframe is the open time over the number; only weeks
    begin between two numbers, on a Monday, and every other timeframe is shorter than five days.
    """
    if c.index[t] < 1.0:
        return math.nan
    period = c.ts[t] / c.index[t]
    return float(c.ts[t] + (WEEK if period > 5.0 * DAY else period))


@kernel
def year_and_month(day: int) -> tuple[int, int]:
    """Year and month of a day since 1970-01-01, by the Gregorian calendar (Hinnant, chrono-compatible low-level date
    algorithms, 2013): years begin in March, so that a leap day is their last."""
    days = day + 719_468
    era = days // 146_097
    within = days - era * 146_097
    year = (within - within // 1_460 + within // 36_524 - within // 146_096) // 365
    month = (5 * (within - (365 * year + year // 4 - year // 100)) + 2) // 153
    if month < 10:
        return year + era * 400, month + 3
    return year + era * 400 + 1, month - 9


@kernel
def first_day(year: int, month: int) -> int:
    """The first day of a month, in days since 1970-01-01; months beyond 12 are in the next year. Same source."""
    if month > 12:
        year, month = year + 1, month - 12
    if month > 2:
        month -= 3
    else:
        year, month = year - 1, month + 9
    era = year // 400
    within = year - era * 400
    return era * 146_097 + within * 365 + within // 4 - within // 100 + (153 * month + 2) // 5 - 719_468
