"""Candles of several symbols, from the stream and from REST, put together into batches."""

from tests.feeds.exchange.assembled import (
    GRACE,
    MINUTE,
    NEW,
    all_of,
    asked,
    candles,
    close,
    made,
    noted,
    streamed,
    told,
)

from papertape.contract.feed import Standpoint
from papertape.feeds.exchange.assembly import CATCHING_UP, Assembly

# Closing a batch


def test_a_batch_closes_as_soon_as_all_symbols_have_their_candle() -> None:
    both = made("A", "B")
    both.stream("A", streamed(0))
    assert both.batches(close(0) + 100) is None
    both.stream("B", streamed(0))
    block = all_of(both.batches(close(0) + 200))
    assert (block.times, candles(block), block.events, block.arrived) == ([close(0)], [(0, 0)], (), close(0) + 200)


def test_a_candle_is_given_once() -> None:
    one = made("A")
    for _ in range(3):
        one.stream("A", streamed(0))
    one.rest("A", asked(0), MINUTE)
    assert candles(one.batches(close(0))) == [(0,)]
    one.stream("A", streamed(0))
    one.rest("A", asked(0), MINUTE)
    assert one.batches(close(9)) is None


def test_several_batches_come_in_the_order_of_their_times() -> None:
    one = made("A")
    one.rest("A", asked(0, 1, 2), 3 * MINUTE)
    block = all_of(one.batches(close(2)))
    assert block.times == [close(0), close(1), close(2)]
    assert candles(block) == [(0,), (1,), (2,)]


def test_a_candle_behind_a_hole_waits_until_the_hole_is_filled() -> None:
    one = made("A")
    one.stream("A", streamed(0))
    one.stream("A", streamed(2))
    assert one.has_hole("A")
    assert candles(one.batches(close(2))) == [(0,)]
    one.rest("A", asked(1), 2 * MINUTE)
    assert not one.has_hole("A")
    assert candles(one.batches(close(2))) == [(1,), (2,)]


def test_what_rest_does_not_have_there_was_not() -> None:
    one = made("A")
    one.rest("A", asked(0, 3), 4 * MINUTE)
    block = all_of(one.batches(close(3)))
    assert block.times == [close(0), close(3)], "a minute in which nothing was traded has no batch"
    assert noted(block)["gap"] == 2


def test_a_symbol_that_was_quiet_has_no_candle_in_the_batch_and_is_not_stale() -> None:
    both = made("A", "B")
    both.stream("A", streamed(0))
    both.rest("B", [], MINUTE)
    block = both.batches(close(0))
    assert candles(block) == [(0, None)]
    assert told(block) == []


def test_an_open_time_off_the_grid_does_not_hide_the_candle_around_it() -> None:
    one = made("A")
    one.rest("A", asked(0), MINUTE + 30_000)
    assert one.known("A") == MINUTE
    one.stream("A", streamed(1))
    assert candles(one.batches(close(1))) == [(0,), (1,)]


# Grace


def test_a_symbol_that_is_late_is_waited_for_until_the_grace_is_over_and_then_stale() -> None:
    both = made("A", "B")
    both.stream("A", streamed(0))
    assert both.batches(close(0) + 100) is None
    assert both.due() == close(0) + 100 + GRACE
    assert both.batches(close(0) + 99 + GRACE) is None
    block = all_of(both.batches(close(0) + 100 + GRACE))
    assert (candles(block), told(block)) == ([(0, None)], [(0, "stale", "B", None)])
    assert "its candle of 1970-01-01T00:00:00Z did not come within 5 s" in block.events[0][1]["reason"]
    assert both.stale == {"B"}
    assert both.due() is None


def test_the_grace_runs_from_when_the_first_is_known() -> None:
    both = made("A", "B")
    both.rest("A", asked(0), MINUTE)
    assert both.batches(close(0) + 20_000) is None
    assert both.due() == close(0) + 20_000 + GRACE


def test_what_was_missed_is_waited_for_longer_since_every_symbol_is_being_fetched() -> None:
    both = made("A", "B")
    both.rest("A", asked(0), MINUTE)
    assert both.batches(close(40)) is None
    assert both.due() == close(40) + CATCHING_UP
    assert both.batches(close(40) + CATCHING_UP - 1) is None
    both.rest("B", asked(0), MINUTE)
    assert candles(both.batches(close(40) + CATCHING_UP)) == [(0, 0)]


def test_a_candle_made_of_trades_is_compared_with_what_rest_says_and_not_used() -> None:
    one = made("A")
    one.expect("A", streamed(0, 101.0))
    assert one.batches(close(0)) is None
    one.rest("A", asked(0), MINUTE)
    block = one.batches(close(0))
    assert candles(block) == [(0,)] and block is not None
    assert [note.kind for note in block.notes if "trades made" in note.example] == ["disagreement"]


def test_candles_used_before_a_resume_may_still_be_amended() -> None:
    one = Assembly("x", ["A"], "1m", GRACE, MINUTE, 0, 0, Standpoint(2 * MINUTE, recent={"A": asked(0, 1)}))
    one.rest("A", [*asked(0), *asked(1, price=101.0), *asked(2)], 3 * MINUTE)
    block = one.batches(close(2))
    assert told(block) == [(0, "amended", "A", 1)] and candles(block) == [(2,)]


def test_the_grace_does_not_run_before_the_close() -> None:
    both = made("A", "B")
    both.stream("A", streamed(0))
    both.batches(close(0) - 2_000)
    assert both.due() == close(0) + GRACE
    assert both.batches(close(0) + GRACE - 1) is None
    assert candles(both.batches(close(0) + GRACE)) == [(0, None)]


def test_the_grace_is_not_longer_where_the_clock_is_set_back() -> None:
    both = made("A", "B")
    both.stream("A", streamed(0))
    assert both.batches(close(0) + 3_600_000) is None, "an hour fast"
    assert both.batches(close(0) + 100) is None
    assert candles(both.batches(close(0) + 100 + GRACE)) == [(0, None)]


def test_no_batch_closes_on_time_alone() -> None:
    both = made("A", "B")
    assert both.batches(close(1_000)) is None
    assert both.due() is None


def test_a_stale_symbol_is_not_waited_for_again() -> None:
    both = made("A", "B")
    both.stream("A", streamed(0))
    both.batches(close(0))
    both.batches(close(0) + GRACE)
    both.stream("A", streamed(1))
    block = both.batches(close(1))
    assert (candles(block), told(block)) == ([(1, None)], [])


def test_where_all_symbols_are_stale_a_batch_waits_for_one_that_has_caught_up() -> None:
    both = made("A", "B", since=Standpoint(close(9), {"A": 5 * MINUTE, "B": 6 * MINUTE}, frozenset("AB")))
    both.rest("A", asked(6, 7), 8 * MINUTE)
    assert both.batches(close(30)) is None
    both.rest("A", asked(8, 9, 10), 11 * MINUTE)
    block = both.batches(close(30))
    assert candles(block) == [(10, None)]
    assert told(block)[-1] == (0, "whole", "A", None)
    assert both.stale == {"B"}


# Muted by age


def test_a_batch_that_comes_too_late_is_muted_and_the_next_in_time_is_not() -> None:
    one = made("A", within=MINUTE)
    one.rest("A", asked(0, 1, 2), 3 * MINUTE)
    block = all_of(one.batches(close(2) + 500))
    assert told(block) == [(0, "muted", None, None), (2, "unmuted", None, None)]
    assert block.events[0][1]["reason"] == "candles came 120.5 s after their close"


def test_a_batch_of_just_that_age_is_traded() -> None:
    one = made("A", within=MINUTE)
    one.stream("A", streamed(0))
    assert told(one.batches(close(0) + MINUTE)) == []


def test_muted_is_told_once_for_many_batches() -> None:
    one = made("A", within=MINUTE)
    one.rest("A", asked(*range(5)), 5 * MINUTE)
    assert told(one.batches(close(10))) == [(0, "muted", None, None)]
    assert one.muted


def test_a_session_that_was_muted_stays_so_until_it_is_told_otherwise() -> None:
    one = made("A", within=MINUTE, since=Standpoint(close(0), {"A": 0}, muted=True))
    one.rest("A", asked(1, 2), 3 * MINUTE)
    assert told(one.batches(close(2))) == [(0, "unmuted", None, None)]


def test_warming_up_is_not_muted_by_age() -> None:
    one = made("A", within=MINUTE, warm=3 * MINUTE)
    one.rest("A", asked(*range(4)), 4 * MINUTE)
    assert told(one.batches(close(99))) == [(3, "muted", None, None)]


# Other timeframes


def test_weeks_begin_on_monday() -> None:
    week, monday = 7 * 24 * 60 * MINUTE, 4 * 24 * 60 * MINUTE
    one = Assembly("x", ("A",), "1w", GRACE, 10**12, monday, 0, NEW)
    row = streamed(0)
    one.stream("A", (monday, *row[1:]))
    one.stream("A", (2 * week, *row[1:]))
    block = all_of(one.batches(monday + week))
    assert block.times == [monday + week]
    assert noted(block) == {"skipped": 1}


# Going on


def test_it_goes_on_after_the_last_batch() -> None:
    both = made("A", "B", since=Standpoint(close(9), {"A": 9 * MINUTE, "B": 4 * MINUTE}))
    assert (both.known("A"), both.known("B")) == (10 * MINUTE, 10 * MINUTE), "B was quiet"
    for symbol in "AB":
        both.rest(symbol, asked(9, 10), 11 * MINUTE)
    assert candles(both.batches(close(10))) == [(10, 10)]


def test_it_goes_on_with_what_a_stale_symbol_lacks() -> None:
    both = made("A", "B", since=Standpoint(close(9), {"A": 9 * MINUTE, "B": 7 * MINUTE}, frozenset("B")))
    assert both.known("B") == 8 * MINUTE
    both.stream("A", streamed(10))
    both.rest("B", asked(8, 9, 10), 11 * MINUTE)
    block = both.batches(close(10))
    assert candles(block) == [(10, 10)]
    assert told(block) == [(0, "late", "B", 8), (0, "late", "B", 9), (0, "whole", "B", None)]
