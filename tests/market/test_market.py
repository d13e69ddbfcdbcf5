"""The market as a session has seen it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.candles import MINUTE, candle

from papertape import Candle, CandleFlag, InvalidValue, Row
from papertape.engine import codec
from papertape.market.market import Market

SYMBOLS = ("A", "B")
LOOKBACKS = {"1m": 4, "5m": 2}
presence = st.lists(st.tuples(st.booleans(), st.booleans()).filter(any), max_size=30)
"""Which of the two symbols have a candle, batch by batch."""


def market() -> Market:
    return Market(SYMBOLS, "1m", LOOKBACKS)


def take(market: Market, number: int, there: tuple[bool, ...]) -> tuple[str, ...]:
    rows = tuple(candle(number + 1_000 * slot) if here else None for slot, here in enumerate(there))
    rows = tuple(None if row is None else (number * MINUTE, *row[1:]) for row in rows)
    return market.take((number + 1) * MINUTE, rows)


def windows(market: Market) -> list[list[Candle]]:
    return [list(market.window(symbol, name, count)) for symbol in SYMBOLS for name, count in LOOKBACKS.items()]


def test_before_the_first_batch_nothing_has_been_seen() -> None:
    assert market().last == (None, None)
    assert windows(market()) == [[], [], [], []]


def test_fresh_are_the_symbols_in_the_batch_and_the_others_keep_their_last() -> None:
    seen = market()
    assert take(seen, 0, (True, False)) == ("A",)
    assert seen.last[1] is None
    assert take(seen, 1, (True, True)) == ("A", "B")
    assert take(seen, 2, (False, True)) == ("B",)
    assert [row and row[0] for row in seen.last] == [MINUTE, 2 * MINUTE]


@given(presence, st.lists(st.integers(0, 29)))
def test_a_window_is_the_symbols_own_last_candles_whenever_it_is_read(
    present: list[tuple[bool, bool]], looks: list[int]
) -> None:
    seen = market()
    own: list[list[Row]] = [[], []]
    for number, there in enumerate(present):
        take(seen, number, there)
        for slot, here in enumerate(there):
            if here:
                row = seen.last[slot]
                assert row is not None
                own[slot].append(row)
        if number in looks:
            assert list(seen.window("B", None, 3)) == own[1][-3:]
    assert [list(seen.window(symbol, "1m", 4)) for symbol in SYMBOLS] == [rows[-4:] for rows in own]


def test_all_who_ask_for_the_same_within_a_batch_share_one_copy() -> None:
    seen = market()
    take(seen, 0, (True, True))
    one, other = seen.window("A", None, 4), seen.window("A", "1m", 4)
    assert one.close.base is not None
    assert one.close.__array_interface__["data"] == other.close.__array_interface__["data"]
    take(seen, 1, (True, True))
    assert len(one) == 1 and len(seen.window("A", None, 4)) == 2


def test_higher_timeframes_close_when_their_time_has_come() -> None:
    seen = market()
    for number in range(4):
        take(seen, number, (True, True))
        assert len(seen.window("A", "5m", 2)) == 0
    take(seen, 4, (False, True))
    assert [seen.window(symbol, "5m", 2)[-1].ts for symbol in SYMBOLS] == [0, 0]


def test_an_unknown_symbol_is_answered_with_the_sessions() -> None:
    with pytest.raises(InvalidValue, match="symbol 'C' is not in this session; it has A, B"):
        market().window("C", None, 1)


def test_a_timeframe_that_was_not_declared_is_answered_with_those_that_were() -> None:
    with pytest.raises(InvalidValue, match=r"timeframe '1h' was not declared by the strategy.*; there is 1m, 5m"):
        market().window("A", "1h", 1)


def test_a_late_candle_is_the_newest_of_its_symbol_and_in_its_window_at_once() -> None:
    seen = market()
    take(seen, 0, (True, True))
    take(seen, 1, (True, False))
    assert [row.ts for row in seen.window("B", None, 4)] == [0]
    seen.take_late(1, candle(1))
    assert seen.last[1] == candle(1)
    assert [row.ts for row in seen.window("B", None, 4)] == [0, MINUTE]
    assert [row.ts for row in seen.window("A", None, 4)] == [0, MINUTE]
    assert take(seen, 2, (True, True)) == ("A", "B")
    assert [row.ts for row in seen.window("B", None, 4)] == [0, MINUTE, 2 * MINUTE]


def test_a_late_candle_is_in_a_higher_one_that_is_not_closed_yet() -> None:
    seen = market()
    take(seen, 0, (True, True))
    take(seen, 1, (True, False))
    seen.take_late(1, candle(1))
    for number in range(2, 5):
        take(seen, number, (True, True))
    (higher,) = seen.window("B", "5m", 2)
    assert (higher.ts, higher.low, higher.flags & CandleFlag.INCOMPLETE) == (0, candle(1)[3], 0)


def test_a_late_candle_does_not_change_a_higher_one_that_is_closed() -> None:
    seen = market()
    for number in range(5):
        take(seen, number, (True, number < 4))
    before = list(seen.window("B", "5m", 2))
    assert before[0].flags & CandleFlag.INCOMPLETE
    seen.take_late(1, candle(4))
    assert list(seen.window("B", "5m", 2)) == before
    for number in range(5, 10):
        take(seen, number, (True, True))
    assert [row.ts for row in seen.window("B", "5m", 2)] == [0, 5 * MINUTE]


def test_late_candles_alone_make_a_higher_one_where_there_was_none_before_it_ended() -> None:
    seen = market()
    take(seen, 0, (True, False))
    for number in range(1, 7):
        take(seen, number, (True, False))
    assert len(seen.window("B", "5m", 2)) == 0
    for number in range(7):
        seen.take_late(1, candle(number))
    (higher,) = seen.window("B", "5m", 2)
    assert (higher.ts, higher.close, higher.flags & CandleFlag.INCOMPLETE) == (0, candle(4)[4], 0)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.data())
def test_what_comes_late_is_in_the_windows_as_if_it_had_come_in_time(present: list[bool], data: st.DataObject) -> None:
    """The base windows are the same; a higher candle that had not closed yet too, one that had is of what there was."""
    seen = market()
    owed: list[int] = []
    for number, there in enumerate(present):
        if data.draw(st.booleans()) and owed:
            for late in owed:
                seen.take_late(1, candle(late))
            owed = []
        now_there = there and not owed
        if not now_there:
            owed.append(number)
        seen.take((number + 1) * MINUTE, (candle(number), candle(number) if now_there else None))
    for late in owed:
        seen.take_late(1, candle(late))
    assert list(seen.window("B", None, 4)) == list(seen.window("A", None, 4))
    assert seen.last[0] == seen.last[1]
    higher = [row.ts for row in seen.window("B", "5m", 2)]
    assert higher == sorted(set(higher))
    whole = [row for row in seen.window("B", "5m", 2) if not row.flags & CandleFlag.INCOMPLETE]
    assert set(whole) <= set(seen.window("A", "5m", 2))


def test_remembered_candles_come_before_those_that_are_made() -> None:
    seen = market()
    seen.remember("B", "5m", [candle(-2, 5 * MINUTE), candle(-1, 5 * MINUTE)])
    assert [row.ts for row in seen.window("B", "5m", 2)] == [-10 * MINUTE, -5 * MINUTE]
    assert len(seen.window("A", "5m", 2)) == 0
    for number in range(5):
        take(seen, number, (True, True))
    assert [row.ts for row in seen.window("B", "5m", 2)] == [-5 * MINUTE, 0]


def test_a_timeframe_that_nobody_looks_at_is_not_remembered() -> None:
    seen = market()
    before = seen.state
    seen.remember("A", "1h", [candle(-1, 60 * MINUTE)])
    assert seen.state == before


@given(presence, st.integers(0, 30))
def test_a_market_taken_up_from_its_kept_state_goes_on_the_same(present: list[tuple[bool, bool]], cut: int) -> None:
    straight, stopped = market(), market()
    for number, there in enumerate(present[:cut]):
        take(straight, number, there)
        take(stopped, number, there)
    resumed = market()
    take(resumed, 0, (True, True))  # forgotten by what is put back
    windows(resumed)
    resumed.state = codec.decode(codec.encode(stopped.state))
    assert windows(resumed) == windows(straight)
    for number, there in enumerate(present[cut:], cut):
        assert take(resumed, number, there) == take(straight, number, there)
    assert resumed.last == straight.last
    assert windows(resumed) == windows(straight)
    assert resumed.state == straight.state
