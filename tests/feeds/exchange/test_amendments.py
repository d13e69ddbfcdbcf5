"""Which of two candles is right, what is noted of the other, and what cannot be a candle at all."""

from math import inf, nan

import pytest
from tests.feeds.exchange.assembled import (
    MINUTE,
    REST,
    STREAM,
    all_of,
    asked,
    candles,
    close,
    made,
    noted,
    streamed,
    told,
)

from papertape import CandleFlag, Row
from papertape.contract.feed import Standpoint
from papertape.feeds.exchange import assembly as subject

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
