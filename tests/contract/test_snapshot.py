"""A snapshot answers about its own moment, says what it does not know, and nothing once its call is over."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.engine.scripted import MINUTE, Bar, flat, play_all

from papertape import Candle, InvalidValue, Signal, Snapshot, StaleSnapshot, Strategy
from papertape.contract.snapshot import BookView, Position


def seen(look: Callable[[Snapshot], Any], market: dict[str, list[Bar]] | None = None, **config: Any) -> list[Any]:
    """What a strategy with a look-back of two found by `look` at each batch; what it raised, where it did."""
    found: list[Any] = []

    class Looking(Strategy):
        """Looks, and buys A at the first close."""

        keeps = ()

        def lookback(self) -> int:
            return 2

        def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
            try:
                found.append(look(snapshot))
            except InvalidValue as error:
                found.append(str(error))
            return [Signal.buy("A")]

    play_all(market or MARKET, {"looking": Looking}, **config)
    return found


MARKET: dict[str, list[Bar]] = {"A": flat(10, 11, 12, 13), "B": [None, *flat(20), None, *flat(22)]}


def test_now_is_the_close_of_the_newest_candle() -> None:
    assert seen(lambda s: (s.now, s.batch)) == [(MINUTE, 0), (2 * MINUTE, 1), (3 * MINUTE, 2), (4 * MINUTE, 3)]


def test_fresh_are_the_symbols_with_a_candle_in_this_batch() -> None:
    assert seen(lambda s: (s.symbols, s.fresh))[:3] == [
        (("A", "B"), ("A",)),
        (("A", "B"), ("A", "B")),
        (("A", "B"), ("A",)),
    ]


def test_a_symbol_that_stands_still_keeps_its_last_candle_and_its_age_grows() -> None:
    assert seen(lambda s: s.close("B"))[1:] == [20.0, 20.0, 22.0]
    assert seen(lambda s: s.age("B")) == [None, MINUTE, 2 * MINUTE, MINUTE]
    assert seen(lambda s: s.candle("B"))[2] == Candle(MINUTE, 20.0, 20.0, 20.0, 20.0, 1_000.0, 2)


@pytest.mark.parametrize("look", [lambda s: s.close("B"), lambda s: s.candle("B")])
def test_a_symbol_without_a_candle_yet_is_said_to_have_none(look: Callable[[Snapshot], object]) -> None:
    assert seen(look)[0] == "B has no candle yet; ask for symbols in snapshot.fresh"


@pytest.mark.parametrize(
    "look",
    [
        lambda s: s.close("BTC"),
        lambda s: s.candle("BTC"),
        lambda s: s.candles("BTC"),
        lambda s: s.age("BTC"),
        lambda s: s.position("BTC"),
    ],
)
def test_an_unknown_symbol_is_answered_with_the_sessions(look: Callable[[Snapshot], object]) -> None:
    assert seen(look)[0] == "symbol 'BTC' is not in this session; it has A, B"


def test_a_timeframe_that_was_not_declared_is_answered_with_those_that_were() -> None:
    message = "timeframe '5m' was not declared by the strategy (`timeframes`); there is 1m"
    assert seen(lambda s: s.candles("A", "5m"))[0] == message


def test_the_window_is_the_last_closed_candles_as_many_as_the_look_back_says() -> None:
    assert seen(lambda s: s.candles("A").close.tolist()) == [[10.0], [10.0, 11.0], [11.0, 12.0], [12.0, 13.0]]
    assert seen(lambda s: len(s.candles("B"))) == [0, 1, 1, 2]


def test_windows_that_are_kept_stay_as_they_were() -> None:
    kept = seen(lambda s: s.candles("A"))
    assert [window.close.tolist() for window in kept] == [[10.0], [10.0, 11.0], [11.0, 12.0], [12.0, 13.0]]


def test_the_book_is_as_just_marked() -> None:
    books: list[BookView] = seen(lambda s: s.book)
    assert [(book.name, book.cash, book.equity) for book in books[:3]] == [
        ("looking", Decimal(10_000), 10_000.0),
        ("looking", Decimal(9_890), 10_000.0),
        ("looking", Decimal(9_890), 10_010.0),
    ]
    bought = Position("A", Decimal(10), Decimal(11), MINUTE)
    assert dict(books[2].positions) == {"A": bought}
    assert seen(lambda s: (s.position("A"), s.position("B")))[2] == (bought, Position("B", Decimal(0), None, None))


@pytest.mark.parametrize(
    "use", [lambda s: s.candles("A"), lambda s: s.book, lambda s: s.position("A"), lambda s: s.rng]
)
def test_a_snapshot_is_of_no_use_after_its_batch(use: Callable[[Snapshot], object]) -> None:
    first = seen(lambda s: s)[0]
    with pytest.raises(StaleSnapshot, match="the snapshot of batch 0 is over: keep"):
        use(first)


def test_what_a_snapshot_holds_itself_can_be_read_for_ever() -> None:
    first: Snapshot = seen(lambda s: s)[0]
    assert (first.now, first.batch, first.close("A"), first.candle("A").ts, first.age("A")) == (
        MINUTE,
        0,
        10.0,
        0,
        MINUTE,
    )


def test_chance_is_the_same_for_the_same_seed_book_and_batch_and_no_other() -> None:
    def draws(**config: Any) -> list[float]:
        return seen(lambda s: float(s.rng.random()), **config)

    assert draws(seed=1) == draws(seed=1)
    assert len({*draws(seed=1), *draws(seed=2)}) == 8


def test_asking_for_chance_again_within_a_batch_starts_it_anew() -> None:
    assert all(first == second for first, second in seen(lambda s: (s.rng.random(), s.rng.random())))
