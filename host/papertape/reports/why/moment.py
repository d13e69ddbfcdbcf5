"""Which moment somebody means: a time as people write it, in the span of a session."""

import re
from typing import Final

from papertape.contract.errors import InvalidValue, RequestError
from papertape.ledger.store import SessionRow
from papertape.market.timeframe import align, iso, parse_time, period

_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?Z?")
DAY: Final = 86_400_000


def moment_of(text: str, session: SessionRow) -> int:
    """A time in ms UTC: ISO-8601, ms, or a time of day alone (`14:03`), which is one of the session's last day.

    Raises `InvalidValue` for what is no time, `RequestError` for a session without a candle.
    """
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        try:
            return parse_time(text)
        except InvalidValue as error:
            raise InvalidValue(f"{error}; or a time of the session's last day such as 14:03") from None
    hours, minutes, seconds = (int(part or 0) for part in clock.groups())
    if hours > 24 or minutes > 59 or seconds > 59:
        raise InvalidValue(f"no time {text!r}; hours go to 24, minutes and seconds to 59")
    time = ((hours * 60 + minutes) * 60 + seconds) * 1000
    closed = last_close(session)
    day = align(closed, "1d")
    # The candle that closes at midnight, and at any time that the last day has not reached yet, is of the day before.
    return day + time if day + time <= closed or day + time - DAY < _first(session) else day + time - DAY


def last_close(session: SessionRow) -> int:
    """Close of the newest candle, ms UTC. Raises `RequestError` where there is none."""
    if session.last_ts is None:
        raise RequestError(f"session {session.id} has not taken in a candle yet; ask again when it has")
    return session.last_ts + period(session.timeframe)


def _first(session: SessionRow) -> int:
    return session.first_ts if session.first_ts is not None else 0


def outside(session: SessionRow, at: int) -> RequestError:
    """A time that lies in no batch of a session."""
    span = f"its candles open from {iso(_first(session))} on, and the last one closes at {iso(last_close(session))}"
    return RequestError(f"session {session.id} has no candle at {iso(at)}: {span}")
