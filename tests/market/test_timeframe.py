import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.errors import InvalidValue
from papertape.market.timeframe import TIMEFRAMES, align, iso, parse_time, period

times = st.integers(-(10**12), 4 * 10**12)


def test_timeframes_are_in_ms_and_in_order() -> None:
    assert period("1s") == 1_000
    assert period("1m") == 60_000
    assert period("12h") == 43_200_000
    assert [period(name) for name in TIMEFRAMES] == sorted(period(name) for name in TIMEFRAMES)


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [("2m", "3m"), ("7m", "5m"), ("60m", "1h"), ("1H", "1h"), ("1day", "1d"), ("70s", "1m"), ("2w", "1w")],
)
def test_an_unknown_timeframe_is_answered_with_the_nearest(asked: str, nearest: str) -> None:
    with pytest.raises(InvalidValue, match=f"'{asked}'; the nearest is {nearest}$"):
        period(asked)


@pytest.mark.parametrize("asked", ["", "m", "0m", "1M", "minute", "-5m", "1y", "99999999999m"])
def test_a_timeframe_that_is_none_is_answered_with_all_of_them(asked: str) -> None:
    with pytest.raises(InvalidValue, match="there are 1s 5s .* 1w"):
        period(asked)


@given(times, st.sampled_from(TIMEFRAMES))
def test_a_time_lies_in_the_candle_that_it_is_aligned_to(ts: int, timeframe: str) -> None:
    start = align(ts, timeframe)
    assert start <= ts < start + period(timeframe)
    assert align(start, timeframe) == start


def test_weeks_start_on_monday_and_days_at_midnight_utc() -> None:
    assert iso(align(parse_time("2024-02-18T23:59:59"), "1w")) == "2024-02-12T00:00:00Z"
    assert iso(align(parse_time("2024-02-19"), "1w")) == "2024-02-19T00:00:00Z"
    assert iso(align(parse_time("2024-02-18T23:59:59"), "1d")) == "2024-02-18T00:00:00Z"


@given(times)
def test_a_time_comes_back_from_iso_and_from_ms(ts: int) -> None:
    assert parse_time(iso(ts)) == ts
    assert parse_time(ts) == ts


@pytest.mark.parametrize("text", ["2024-01-01", "2024-01-01 00:00", "2024-01-01T00:00:00Z", "2024-01-01T05:30+05:30"])
def test_iso_times_are_utc_unless_they_say_otherwise(text: str) -> None:
    assert parse_time(text) == 1_704_067_200_000


@pytest.mark.parametrize("text", ["yesterday", "", "2024-13-01", "1.5"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidValue, match="write ISO-8601 such as"):
        parse_time(text)


@pytest.mark.parametrize("text", ["20240101", "1704067200"])
def test_digits_that_may_be_a_date_or_seconds_are_not_guessed_at(text: str) -> None:
    with pytest.raises(InvalidValue, match="could be a date, seconds or ms"):
        parse_time(text)
