"""Which moment somebody means who asks why."""

import pytest

from papertape.contract.errors import InvalidValue, RequestError
from papertape.ledger.store import SessionRow
from papertape.reports.why import moment_of

MINUTE = 60_000


def session_row(first: int, last: int) -> SessionRow:
    return SessionRow("s", 0, "finished", 1, "{}", "{}", '["A"]', "1m", 7, first_ts=first, last_ts=last)


def test_a_time_of_day_is_one_of_the_last_day_that_the_session_has_reached() -> None:
    day = 86_400_000
    row = session_row(0, 2 * day + 10 * 3_600_000)  # three days in, at 10:01
    assert moment_of("09:30", row) == 2 * day + 9 * 3_600_000 + 30 * MINUTE
    assert moment_of("14:03", row) == day + 14 * 3_600_000 + 3 * MINUTE
    assert moment_of("9:30:30", row) == 2 * day + 9 * 3_600_000 + 30 * MINUTE + 30_000
    assert moment_of("2024-01-01T00:00", row) == moment_of("1704067200000", row) == 1_704_067_200_000
    assert moment_of("14:03", session_row(0, 10 * 3_600_000)) == 14 * 3_600_000 + 3 * MINUTE  # outside, and said so
    for bad in ("25:00", "noon", "12:61"):
        with pytest.raises(InvalidValue, match="no time|hours go to 24"):
            moment_of(bad, row)
    with pytest.raises(RequestError, match="has not taken in a candle yet"):
        moment_of("14:03", row._replace(last_ts=None))
