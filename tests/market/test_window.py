"""A window is the last candles, however they came in and whenever somebody looked."""

from hypothesis import given
from hypothesis import strategies as st
from tests.contract.candles import candle

from papertape import Candle, Candles, Row
from papertape.market.window import Window


def read(window: Window, count: int) -> list[Candle]:
    return list(Candles(window.read(count)))


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4)), min_size=4, max_size=12))
def test_reading_gives_the_last_candles_whatever_was_read_before(capacity: int, turns: list[tuple[int, int]]) -> None:
    window, taken = Window(capacity), list[Row]()
    for takes, look in turns:
        for _ in range(takes):
            taken.append(candle(len(taken)))
            window.take(taken[-1])
        count = min(look, capacity)
        assert read(window, count) == taken[-count:]
    assert read(window, capacity) == taken[-capacity:]


@given(st.integers(1, 9), st.integers(0, 40), st.integers(0, 40))
def test_a_restored_window_goes_on_as_if_nothing_had_been(capacity: int, before: int, after: int) -> None:
    one, other = Window(capacity), Window(capacity)
    for number in range(before):
        one.take(candle(number))
    other.take(candle(1_000))  # forgotten by restoring
    other.restore(one.read(capacity))
    for number in range(before, before + after):
        one.take(candle(number))
        other.take(candle(number))
        assert other.read(capacity) == one.read(capacity)
    assert other.read(capacity) == one.read(capacity)


@given(st.integers(1, 5), st.integers(6, 20))
def test_a_window_that_has_become_smaller_restores_what_it_can_hold(capacity: int, held: int) -> None:
    wide, narrow = Window(held), Window(capacity)
    for number in range(held):
        wide.take(candle(number))
    narrow.restore(wide.read(held))
    narrow.take(candle(held))
    assert read(narrow, capacity) == [candle(number) for number in range(held - capacity + 1, held + 1)]


def test_what_was_read_is_not_touched_by_what_comes_later() -> None:
    window = Window(2)
    window.take(candle(0))
    first = window.read(2)
    for number in range(1, 20):
        window.take(candle(number))
        window.read(2)
    assert list(Candles(first)) == [candle(0)]
