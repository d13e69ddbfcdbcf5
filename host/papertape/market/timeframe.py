"""Timeframes and times: all of them int milliseconds UTC inside, names and ISO-8601 at the edges."""

import math
import re
from datetime import UTC, datetime, timedelta

from papertape.contract.errors import InvalidValue

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_NAMES = "1s 5s 10s 15s 30s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w".split()
_PERIODS = {name: int(name[:-1]) * _UNITS[name[-1]] for name in _NAMES}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4 * _UNITS["d"]  # 1970-01-01 was a Thursday

TIMEFRAMES: tuple[str, ...] = tuple(_NAMES)
"""Every timeframe there is, shortest first."""


def period(timeframe: str) -> int:
    """Length of a timeframe in ms; raises `InvalidValue` with the nearest one that there is.

    >>> period("5m"), period("1w")
    (300000, 604800000)
    """
    try:
        return _PERIODS[timeframe]
    except (KeyError, TypeError):
        raise InvalidValue(f"no timeframe {timeframe!r}; {_cure(str(timeframe))}") from None


def duration(text: str) -> int:
    """A length of time in ms: a whole number of s, m, h, d or w. Raises `InvalidValue`.

    >>> duration("90m"), duration("2d")
    (5400000, 172800000)
    """
    found = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip())
    if not found:
        raise InvalidValue(f"no length of time {text!r}; write a number and s, m, h, d or w, such as 90m or 2d")
    return int(found[1]) * _UNITS[found[2]]


def divides(timeframe: str, higher: str) -> bool:
    """Whether candles of `higher` can be made from those of `timeframe`, or are those.

    >>> divides("5m", "15m"), divides("5m", "8h"), divides("15m", "5m")
    (True, True, False)
    """
    return period(higher) >= period(timeframe) and period(higher) % period(timeframe) == 0


def grid_origin(timeframe: str) -> int:
    """A time, ms UTC, at which a candle of the timeframe begins: the epoch, and for weeks the first Monday after it."""
    return _MONDAY if period(timeframe) == _UNITS["w"] else 0


def align(ts: int, timeframe: str) -> int:
    """Start of the timeframe's candle that holds the time `ts`, ms UTC; weeks start on Monday.

    >>> iso(align(parse_time("2024-01-04T10:07"), "5m")), iso(align(parse_time("2024-01-04T10:07"), "1w"))
    ('2024-01-04T10:05:00Z', '2024-01-01T00:00:00Z')
    """
    return ts - (ts - grid_origin(timeframe)) % period(timeframe)


def iso(ts: int) -> str:
    """A time, ms UTC, in ISO-8601; a time outside the years 1 to 9999 as its number of ms.

    >>> iso(1_704_067_200_000), iso(1_704_067_200_250)
    ('2024-01-01T00:00:00Z', '2024-01-01T00:00:00.250Z')
    """
    try:
        moment = _EPOCH + timedelta(milliseconds=ts)
    except OverflowError:
        return f"{ts} ms"
    return moment.isoformat(timespec="milliseconds" if ts % 1000 else "seconds").replace("+00:00", "Z")


def parse_time(text: str | int) -> int:
    """A time as ms UTC, from ISO-8601 (UTC where no offset is said) or from ms.

    Raises `InvalidValue` for anything else, and for 8 to 10 bare digits, which are more likely a date or seconds.

    >>> parse_time("2024-01-01"), parse_time("2024-01-01T01:00+01:00"), parse_time("1704067200000")
    (1704067200000, 1704067200000, 1704067200000)
    """
    if isinstance(text, int):
        return text
    text = text.strip()
    cure = "write ISO-8601 such as 2024-01-01T00:00 (UTC), or ms since 1970 such as 1704067200000"
    if re.fullmatch(r"-?\d+", text):
        if 8 <= len(text) <= 10:
            raise InvalidValue(f"{text!r} could be a date, seconds or ms; {cure}")
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"no time {text!r}; {cure}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _cure(text: str) -> str:
    match = re.fullmatch(r"(\d{1,6})\s*([a-zA-Z])\w*", text.strip())
    unit = match and (match[2] if match[2] in _UNITS else match[2].lower() if match[2] != "M" else "")
    if not match or not unit or unit not in _UNITS or not int(match[1]):
        return f"there are {' '.join(TIMEFRAMES)}"
    asked = int(match[1]) * _UNITS[unit]
    nearest = min(_PERIODS, key=lambda name: abs(math.log(_PERIODS[name] / asked)))
    return f"the nearest is {nearest}"
