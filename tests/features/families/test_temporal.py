import calendar
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.features.families.computed import CATALOGUE, computed

from papertape.contract.candle import Floats
from papertape.market.timeframe import TIMEFRAMES, align, period

NAMES = [one.name for one in CATALOGUE.listed() if one.family.category == "temporal"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(opened: int, length: int) -> dict[str, float]:
    """The temporal features of a candle that opens at a time, ms UTC."""
    values = computed(NAMES, candle(opened), length)[0]
    return dict(zip(NAMES, map(float, values), strict=True))


def candle(opened: int) -> Floats:
    return np.array([[float(opened)], [1.0], [1.0], [1.0], [1.0], [0.0]])


def closing(moment: datetime, minutes: int = 1) -> dict[str, float]:
    """The same of a candle that closes then."""
    length = minutes * 60_000
    return at((moment - EPOCH) // timedelta(milliseconds=1) - length, length)


def circle(part: float) -> tuple[float, float]:
    return float(np.sin(2 * np.pi * part)), float(np.cos(2 * np.pi * part))


@settings(deadline=None)  # the first example may compile
@given(st.integers(1_000, 4_000_000_000), st.sampled_from(TIMEFRAMES))
def test_every_value_is_that_of_the_moment_of_the_close(seconds: int, timeframe: str) -> None:
    length = period(timeframe)
    opened = max(align(seconds * 1_000, timeframe), length + 4 * 86_400_000 * (timeframe == "1w"))
    now = EPOCH + timedelta(milliseconds=opened + length)
    found = at(opened, length)
    days = calendar.monthrange(now.year, now.month)[1]
    year = 365 + calendar.isleap(now.year)
    for name, part in (
        ("hour", now.hour / 24),
        ("minute", now.minute / 60),
        ("dow", now.weekday() / 7),
        ("day", (now.day - 1) / days),
        ("year_day", (now.timetuple().tm_yday - 1) / year),
    ):
        assert (found[f"{name}_sin"], found[f"{name}_cos"]) == pytest.approx(circle(part), abs=1e-12)
    assert found["weekend"] == (now.weekday() >= 5)
    first = datetime(now.year, now.month, 1, tzinfo=UTC)
    assert found["to_month_end"] == pytest.approx(1 - (now - first) / timedelta(days), abs=1e-9)
    month = (now.month - 1) // 3 * 3 + 1
    begin = datetime(now.year, month, 1, tzinfo=UTC)
    end = datetime(now.year + month // 10, month % 12 + 3 if month < 10 else 1, 1, tzinfo=UTC)
    assert found["to_quarter_end"] == pytest.approx((end - now) / (end - begin), abs=1e-9)


def test_at_its_beginning_a_stretch_of_time_is_all_left() -> None:
    found = closing(datetime(2024, 1, 1, tzinfo=UTC))  # a Monday
    names = ("to_funding", "to_day_end", "to_week_end", "to_month_end", "to_quarter_end")
    assert [found[name] for name in names] == [1.0] * 5


def test_an_hour_before_funding_an_eighth_is_left() -> None:
    found = closing(datetime(2024, 3, 9, 15, tzinfo=UTC), minutes=60)
    assert found["to_funding"] == pytest.approx(1 / 8)
    assert found["to_day_end"] == pytest.approx(9 / 24)
    assert found["to_week_end"] == pytest.approx((24 + 9) / 168)
    assert found["weekend"] == 1.0


@pytest.mark.parametrize(
    ("hour", "minute", "sessions"),
    [
        (0, 0, {"asia"}),
        (8, 0, {"asia", "london"}),
        (9, 0, {"london"}),
        (13, 0, {"london", "new_york", "overlap"}),
        (14, 29, {"london", "new_york", "overlap"}),
        (14, 30, {"london", "new_york", "overlap", "us_stocks"}),
        (17, 0, {"new_york", "us_stocks"}),
        (21, 0, {"new_york"}),
        (22, 0, set()),
    ],
)
def test_a_session_holds_from_its_first_minute_up_to_its_end(hour: int, minute: int, sessions: set[str]) -> None:
    found = closing(datetime(2024, 3, 8, hour, minute, tzinfo=UTC))  # a Friday
    assert {name.removeprefix("session_") for name in NAMES if name.startswith("session_") and found[name]} == sessions


def test_american_stocks_rest_at_the_weekend() -> None:
    assert closing(datetime(2024, 3, 9, 15, tzinfo=UTC))["session_us_stocks"] == 0.0


def test_the_first_timeframe_of_1970_has_no_number_and_so_no_values() -> None:
    assert np.isnan(computed(NAMES, candle(0), 60_000)).all()
