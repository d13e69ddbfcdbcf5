"""Candles of several symbols, from the stream and from REST, put together into batches."""

from dataclasses import dataclass, field
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertape import Block, CandleFlag, Event, Row
from papertape.contract.feed import Standpoint
from papertape.feeds.exchange import assembly as subject
from papertape.feeds.exchange.assembly import CATCHING_UP, Assembly

MINUTE = 60_000
GRACE = 5_000
STREAM, REST = int(CandleFlag.STREAM), int(CandleFlag.REST)
NEW = Standpoint()


def close(minute: int) -> int:
    """When the candle that opens in a minute closes."""
    return (minute + 1) * MINUTE


def streamed(minute: int, price: float = 100.0) -> Row:
    return (minute * MINUTE, price, price, price, price, 1.0, STREAM)


def asked(*minutes: int, price: float = 100.0) -> list[Row]:
    return [(minute * MINUTE, price, price, price, price, 1.0, REST) for minute in minutes]


def made(
    *symbols: str, since: Standpoint = NEW, within: int = 10**12, warm: int = 0, timeframe: str = "1m"
) -> Assembly:
    return Assembly("x", symbols, timeframe, GRACE, within, 0, warm, since)


def all_of(block: Block | None) -> Block:
    assert block is not None
    return block


def candles(block: Block | None) -> list[tuple[int | None, ...]]:
    """The minutes of a block's candles, batch by batch."""
    return [tuple(None if row is None else row[0] // MINUTE for row in rows) for rows in all_of(block).rows]


def told(block: Block | None) -> list[tuple[int, str, str | None, int | None]]:
    """(before which batch, what, symbol, minute) of a block's events."""
    return [
        (before, event["feed"], event.get("symbol"), event["row"][0] // MINUTE if "row" in event else None)
        for before, event in all_of(block).events
    ]


def noted(block: Block | None) -> dict[str, int]:
    return {note.kind: note.count for note in all_of(block).notes}


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


# Late, and whole again


def behind() -> Assembly:
    """B has missed the batches of minutes 0 and 1."""
    both = made("A", "B")
    both.rest("A", asked(0, 1), 2 * MINUTE)
    assert both.batches(close(1)) is None
    assert told(both.batches(close(1) + GRACE)) == [(0, "stale", "B", None)]
    return both


def test_candles_of_batches_that_have_gone_come_late_before_the_next_one_and_the_symbol_is_whole() -> None:
    both = behind()
    both.rest("B", asked(0, 1), 2 * MINUTE)
    assert both.batches(close(1) + 9_000) is None, "what is late waits for a batch"
    both.stream("A", streamed(2))
    both.stream("B", streamed(2))
    block = both.batches(close(2))
    assert candles(block) == [(2, 2)]
    assert told(block) == [(0, "late", "B", 0), (0, "late", "B", 1), (0, "whole", "B", None)]
    assert both.stale == frozenset()


def test_a_symbol_that_has_only_some_of_its_candles_stays_stale() -> None:
    both = behind()
    both.rest("B", asked(0), MINUTE)
    both.stream("A", streamed(2))
    block = both.batches(close(2))
    assert (candles(block), told(block)) == ([(2, None)], [(0, "late", "B", 0)])
    assert both.stale == {"B"}


def test_a_candle_behind_a_hole_is_not_given_late_before_those_in_the_hole() -> None:
    both = behind()
    both.stream("B", streamed(1))
    both.stream("A", streamed(2))
    assert told(both.batches(close(2))) == []
    both.rest("B", asked(0), MINUTE)
    both.rest("B", asked(2), 3 * MINUTE)
    both.stream("A", streamed(3))
    both.stream("B", streamed(3))
    block = both.batches(close(3))
    assert told(block) == [(0, "late", "B", 0), (0, "late", "B", 1), (0, "late", "B", 2), (0, "whole", "B", None)]


def test_late_candles_of_several_symbols_come_in_the_order_of_their_times() -> None:
    three = made("A", "B", "C")
    three.rest("A", asked(0, 1), 2 * MINUTE)
    three.batches(close(1))
    three.batches(close(1) + GRACE)
    three.rest("C", asked(0, 1), 2 * MINUTE)
    three.rest("B", asked(0, 1), 2 * MINUTE)
    for symbol in "ABC":
        three.stream(symbol, streamed(2))
    late = [entry[2:] for entry in told(three.batches(close(2))) if entry[1] == "late"]
    assert late == [("B", 0), ("C", 0), ("B", 1), ("C", 1)]


def test_a_symbol_that_always_comes_a_moment_after_the_others_is_whole_again_all_the_same() -> None:
    both = behind()
    both.stream("A", streamed(2))
    both.batches(close(2))
    both.rest("B", asked(0, 1, 2), 3 * MINUTE)
    both.stream("A", streamed(3))
    assert both.batches(close(3)) is None, "it lacks nothing but this candle: it is waited for"
    both.stream("B", streamed(3))
    block = both.batches(close(3) + 50)
    assert candles(block) == [(3, 3)]
    assert told(block)[-1] == (0, "whole", "B", None)


def test_a_symbol_that_was_quiet_all_the_while_is_whole_too() -> None:
    both = behind()
    both.rest("B", [], 3 * MINUTE)
    both.stream("A", streamed(2))
    assert told(both.batches(close(2))) == [(0, "whole", "B", None)]


def test_funding_comes_in_the_order_of_times_and_symbols_however_it_came() -> None:
    both = made("A", "B")
    for symbol, ts in (("B", 60_000), ("A", 60_000), ("B", 30_000)):
        both.pay({"funding": symbol, "ts": ts, "rate": "0", "mark": None})
    for symbol in "AB":
        both.rest(symbol, asked(0, 1), until=close(1))
    block = all_of(both.batches(close(1)))
    assert [(before, event["funding"], event["ts"]) for before, event in block.events] == [
        (0, "B", 30_000),
        (0, "A", 60_000),
        (0, "B", 60_000),
    ]


def test_what_happens_in_a_quiet_time_is_told_before_the_next_batch() -> None:
    both = made("A", "B")
    both.rest("A", [], MINUTE)
    both.batches(close(0))
    assert both.batches(close(0) + GRACE) is None, "B is stale now, and there is no batch"
    both.rest("B", asked(0), MINUTE)
    for symbol in "AB":
        both.stream(symbol, streamed(1))
    block = both.batches(close(1))
    assert candles(block) == [(1, 1)]
    assert told(block) == [(0, "stale", "B", None), (0, "late", "B", 0), (0, "whole", "B", None)]


# Which of two is right


def test_rest_is_right_over_the_stream_as_long_as_the_candle_was_not_given() -> None:
    one = made("A")
    one.stream("A", streamed(0, 100.0))
    one.rest("A", asked(0, price=101.0), MINUTE)
    block = all_of(one.batches(close(0)))
    row = block.rows[0][0]
    assert row is not None and (row[4], row[6]) == (101.0, REST)
    (note,) = block.notes
    assert (note.kind, note.symbol, note.count, note.first_ts) == ("disagreement", "A", 1, 0)
    assert "the stream said (100.0," in note.example


def test_a_candle_says_where_it_came_from_first() -> None:
    one = made("A")
    one.stream("A", streamed(0))
    one.rest("A", asked(0, 1), 2 * MINUTE)
    one.stream("A", streamed(1))
    assert [row[0][6] for row in all_of(one.batches(close(1))).rows if row[0]] == [STREAM, REST]


def test_what_the_stream_says_of_a_candle_that_rest_has_given_is_noted_and_used_nowhere() -> None:
    one = made("A")
    one.rest("A", asked(0), MINUTE)
    one.stream("A", streamed(0, 105.0))
    block = all_of(one.batches(close(0)))
    assert block.rows == [(asked(0)[0],)]
    assert noted(block) == {"disagreement": 1}


def test_a_candle_of_the_stream_where_rest_had_none_is_noted_and_used_nowhere() -> None:
    one = made("A")
    one.rest("A", asked(0, 2), 3 * MINUTE)
    one.stream("A", streamed(1))
    block = all_of(one.batches(close(2)))
    assert candles(block) == [(0,), (2,)]
    assert noted(block)["disagreement"] == 1
    assert "there was none" in next(note.example for note in block.notes if note.kind == "disagreement")


def test_a_candle_of_the_stream_that_rest_does_not_have_is_used_and_noted() -> None:
    one = made("A")
    one.stream("A", streamed(1))
    one.rest("A", asked(0, 2), 3 * MINUTE)
    block = all_of(one.batches(close(2)))
    assert candles(block) == [(0,), (1,), (2,)]
    assert noted(block) == {"disagreement": 1}


def test_an_amendment_is_told_once_and_the_candle_is_not_given_again() -> None:
    one = made("A")
    one.stream("A", streamed(0))
    one.batches(close(0))
    for _ in range(2):
        one.rest("A", asked(0, price=101.0), MINUTE)
    one.stream("A", streamed(1))
    block = all_of(one.batches(close(1)))
    assert candles(block) == [(1,)]
    assert block.events == (
        (0, {"feed": "amended", "symbol": "A", "row": list(asked(0, price=101.0)[0]), "was": list(streamed(0))}),
    )


def test_each_amendment_of_one_candle_is_told() -> None:
    one = made("A")
    one.stream("A", streamed(0))
    one.batches(close(0))
    one.rest("A", asked(0, price=101.0), MINUTE)
    one.rest("A", asked(0, price=102.0), MINUTE)
    one.stream("A", streamed(1))
    amended = [event for _, event in all_of(one.batches(close(1))).events]
    assert [(event["was"][4], event["row"][4]) for event in amended] == [(100.0, 101.0), (101.0, 102.0)]


def test_a_candle_that_appears_where_there_was_none_is_an_amendment() -> None:
    one = made("A")
    one.rest("A", asked(0, 2), 3 * MINUTE)
    one.batches(close(2))
    one.rest("A", asked(0, 1, 2), 3 * MINUTE)
    one.stream("A", streamed(3))
    block = all_of(one.batches(close(3)))
    assert told(block) == [(0, "amended", "A", 1)]
    assert block.events[0][1]["was"] is None


def test_what_was_before_the_session_is_no_amendment() -> None:
    one = made("A", since=Standpoint(close(9), {"A": 9 * MINUTE}))
    one.rest("A", asked(*range(12)), 12 * MINUTE)
    block = all_of(one.batches(close(11)))
    assert (candles(block), block.events) == ([(10,), (11,)], ())


def test_candles_of_long_ago_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "REMEMBERED", 5)
    one = made("A")
    one.rest("A", asked(*range(20)), 20 * MINUTE)
    one.batches(close(19))
    one.rest("A", asked(*range(20), price=99.0), 20 * MINUTE)
    one.stream("A", streamed(20))
    assert [entry[3] for entry in told(one.batches(close(20)))] == [15, 16, 17, 18, 19]


# What cannot be a candle


@pytest.mark.parametrize(
    "row",
    [
        (0, nan, 1.0, 1.0, 1.0, 1.0, STREAM),
        (0, 1.0, inf, 1.0, 1.0, 1.0, STREAM),
        (0, 1.0, 1.0, 0.0, 1.0, 1.0, STREAM),
        (0, 1.0, 1.0, 1.0, -1.0, 1.0, STREAM),
        (0, 1.0, 1.0, 2.0, 1.0, 1.0, STREAM),
        (0, 1.0, 1.0, 1.0, 1.0, -1.0, STREAM),
        (0, 1.0, 1.0, 1.0, 1.0, inf, STREAM),
        (30_000, 1.0, 1.0, 1.0, 1.0, 1.0, STREAM),
    ],
)
def test_what_cannot_be_a_candle_is_skipped_and_noted(row: Row) -> None:
    one = made("A")
    one.stream("A", row)
    one.rest("A", [row, *asked(1)], 2 * MINUTE)
    block = all_of(one.batches(close(1)))
    assert candles(block) == [(1,)]
    assert noted(block) == {"skipped": 2}


def test_a_range_that_does_not_hold_open_and_close_is_widened_and_flagged() -> None:
    one = made("A")
    one.stream("A", (0, 100.0, 99.0, 98.0, 97.0, 1.0, STREAM))
    block = all_of(one.batches(close(0)))
    assert block.rows[0][0] == (0, 100.0, 100.0, 97.0, 97.0, 1.0, STREAM | CandleFlag.REPAIRED)
    one.rest("A", [(0, 100.0, 99.0, 98.0, 97.0, 1.0, REST)], MINUTE)
    one.stream("A", streamed(1, 97.0))
    assert told(one.batches(close(1))) == [], "REST says the same of it, so nothing was amended"


def test_what_an_exchange_does_not_have_any_more_is_given_up_and_noted() -> None:
    one = made("A")
    one.lose("A", 7 * MINUTE)
    one.rest("A", asked(7), 8 * MINUTE)
    block = all_of(one.batches(close(7)))
    assert candles(block) == [(7,)]
    (note,) = [note for note in block.notes if note.kind == "lost"]
    assert (note.count, note.first_ts, note.last_ts) == (7, 0, 6 * MINUTE)


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


# All of it, against the truth


@dataclass
class Market:
    """What a session has been given so far, by the contract of a live feed; anything against it fails at once."""

    symbols: tuple[str, ...]
    truth: dict[str, dict[int, float]]
    time: int | None = None
    muted: bool = False
    stale: set[str] = field(default_factory=set)
    given: dict[str, list[int]] = field(default_factory=dict)

    def take(self, block: Block) -> None:
        events = list(block.events)
        assert [place for place, _ in events] == sorted(place for place, _ in events)
        for batch, (time, rows) in enumerate(zip(block.times, block.rows, strict=True)):
            while events and events[0][0] == batch:
                self._hear(events.pop(0)[1])
            assert self.time is None or time > self.time
            assert block.arrived is not None and time <= block.arrived, "no batch before its close"
            assert any(row is not None for row in rows)
            self.time = time
            for symbol, row in zip(self.symbols, rows, strict=True):
                if row is not None:
                    assert row[0] == time - MINUTE and symbol not in self.stale
                    self._seen(symbol, row)
        assert not events

    def _hear(self, event: Event) -> None:
        symbol = event.get("symbol", "")
        match event["feed"]:
            case "stale":
                assert symbol not in self.stale
                self.stale.add(symbol)
            case "whole":
                self.stale.remove(symbol)
            case "late":
                assert symbol in self.stale
                self._seen(symbol, tuple(event["row"]))
            case "muted":
                assert not self.muted
                self.muted = True
            case "unmuted":
                assert self.muted
                self.muted = False
            case other:
                raise AssertionError(other)

    def _seen(self, symbol: str, row: Row) -> None:
        given = self.given.setdefault(symbol, [])
        minute = row[0] // MINUTE
        assert row[4] == self.truth[symbol][minute], "no candle is invented"
        assert not given or minute > given[-1], "each candle once, in order"
        given.append(minute)

    @property
    def standpoint(self) -> Standpoint:
        newest = {symbol: minutes[-1] * MINUTE for symbol, minutes in self.given.items()}
        newest |= {symbol: -MINUTE for symbol in self.stale if symbol not in self.given}
        return Standpoint(self.time, newest, frozenset(self.stale), self.muted)


SYMBOLS = ("A", "B", "C")
MINUTES = 14
does = st.sampled_from(["stream", "stream", "stream", "rest", "rest", "wait", "wait", "stop"])
steps = st.lists(
    st.tuples(does, st.integers(0, 2), st.integers(0, 5), st.sampled_from([900, 6_000, 59_000, 60_000])), max_size=120
)
"""(what, which symbol, how many candles back or forth, how many ms pass)."""


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(*[st.booleans()] * 3), min_size=MINUTES, max_size=MINUTES), steps)
def test_every_candle_comes_once_and_in_order_whatever_is_lost_doubled_late_or_stopped(
    traded: list[tuple[bool, ...]], does: list[tuple[str, int, int, int]]
) -> None:
    """The stream says what it likes of the closed candles, in any order, or nothing; REST answers pages of any length;
    the session is stopped at any time and goes on from what it was given. In the end REST has said all."""
    truth = {
        symbol: {minute: 100.0 + minute + slot / 8 for minute in range(MINUTES) if traded[minute][slot]}
        for slot, symbol in enumerate(SYMBOLS)
    }
    market = Market(SYMBOLS, truth)
    feed = made(*SYMBOLS, within=2 * MINUTE)
    now = 0

    def deliver() -> None:
        block = feed.batches(now)
        if block is not None:
            market.take(block)

    def answer(symbol: str, since: int, count: int) -> None:
        """REST's page: candles of minutes that are over, `count` minutes of them."""
        until = min(since + count * MINUTE, now // MINUTE * MINUTE)
        rows = [asked(minute, price=price)[0] for minute, price in truth[symbol].items()]
        feed.rest(symbol, [row for row in rows if since <= row[0] < until], max(since, until))

    for what, slot, count, ms in does:
        symbol = SYMBOLS[slot]
        if what == "stream":
            minute = now // MINUTE - 1 - count
            if minute in truth[symbol]:
                feed.stream(symbol, streamed(minute, truth[symbol][minute]))
        elif what == "rest":
            answer(symbol, feed.known(symbol), count + 1)
        elif what == "wait":
            now += ms
        elif market.time is not None:
            feed = made(*SYMBOLS, within=2 * MINUTE, since=market.standpoint)
        deliver()
    now = max(now, MINUTES * MINUTE)
    for symbol in SYMBOLS:
        answer(symbol, feed.known(symbol), 10**6)
    deliver()
    for symbol in SYMBOLS:  # a last candle of all, since what is late waits for a batch
        truth[symbol][now // MINUTE] = 100.0
        feed.stream(symbol, streamed(now // MINUTE))
    minute = now // MINUTE
    now = close(minute)
    for symbol in SYMBOLS:
        answer(symbol, feed.known(symbol), 10**6)
    deliver()
    assert market.given == {symbol: list(minutes) for symbol, minutes in truth.items()}
    assert not market.stale
