"""Round trips, from flat to flat, worked out by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.trading import D, Trader

from papertape.broker.money import ZERO, add, subtract
from papertape.reports.round_trips import RoundTrip, round_trips


def trips(trader: Trader) -> list[RoundTrip]:
    return list(round_trips(trader.fills))


def test_a_long_trip_is_what_it_was_sold_for_less_what_it_cost_and_both_fees() -> None:
    trader = Trader(rate="0.001")
    trader.fill("buy", 2, 100, at=60_000)
    trader.fill("sell", 2, 125, at=120_000, role="take-profit")
    assert trips(trader) == [
        RoundTrip(
            "macd", "A", "long", 60_000, 120_000, D(2), D(100), D(125),
            profit=D("49.55"), fees=D("0.45"), reason="take-profit", best=0.25, worst=0.0,
        )
    ]  # fmt: skip


def test_a_short_trip_gains_when_the_price_falls() -> None:
    trader = Trader(rate="0.001")
    trader.fill("sell", 2, 100)
    trader.fill("buy", 2, 90, role="exit")
    (trip,) = trips(trader)
    assert (trip.side, trip.quantity, trip.entry_price, trip.exit_price) == ("short", D(2), D(100), D(90))
    assert (trip.profit, trip.fees) == (D("19.62"), D("0.38"))


def test_adding_averages_the_entry_and_partial_exits_average_the_exit() -> None:
    trader = Trader(rate="0.01")
    trader.fill("buy", 1, 100, at=1)
    trader.fill("buy", 3, 120, at=2)
    trader.fill("sell", 1, 130, at=3, role="exit")
    assert trips(trader) == []
    trader.fill("sell", 3, 110, at=4, role="stop-loss")
    (trip,) = trips(trader)
    assert (trip.opened_at, trip.closed_at, trip.quantity, trip.reason) == (1, 4, D(4), "stop-loss")
    assert (trip.entry_price, trip.exit_price) == (D(115), D(115))  # (100 + 360) / 4 and (130 + 330) / 4
    assert trip.fees == D("9.2")  # a hundredth of 100 + 360 + 130 + 330
    assert trip.profit == D("-9.2")


def test_a_position_may_be_added_to_after_a_partial_exit() -> None:
    trader = Trader()
    for side, quantity, price in [("buy", 2, 100), ("sell", 1, 110), ("buy", 1, 90), ("sell", 2, 105)]:
        trader.fill(side, quantity, price)
    (trip,) = trips(trader)
    assert (trip.quantity, trip.profit) == (D(3), D(30))  # 110 + 210 less 200 + 90
    assert trip.entry_price * 3 == 290


def test_a_fill_that_turns_a_position_around_closes_one_trip_and_opens_the_next_and_its_fee_is_shared() -> None:
    trader = Trader(rate="0.001")
    trader.fill("buy", 2, 100, at=1)
    trader.fill("sell", 5, 110, at=2, role="request")
    trader.fill("buy", 3, 100, at=3, role="exit")
    first, second = trips(trader)
    assert (first.side, first.quantity, first.profit, first.fees) == ("long", D(2), D("19.58"), D("0.42"))
    assert (second.side, second.quantity, second.opened_at, second.closed_at) == ("short", D(3), 2, 3)
    assert (second.entry_price, second.profit, second.fees) == (D(110), D("29.37"), D("0.63"))  # 0.33 and 0.30


def test_books_and_symbols_have_trips_of_their_own_in_the_order_in_which_they_close() -> None:
    one, other = Trader(name="one"), Trader(name="other")
    one.fill("buy", 1, 100, at=1)
    other.fill("sell", 1, 100, at=2)
    one.fill("buy", 1, 50, at=3, slot=1)
    other.fill("buy", 1, 90, at=4)
    one.fill("sell", 1, 55, at=5, slot=1)
    one.fill("sell", 1, 90, at=6)
    mixed = sorted([*one.fills, *other.fills], key=lambda fill: fill.at)
    assert [(trip.book, trip.symbol, trip.profit) for trip in round_trips(mixed)] == [
        ("other", "A", D(10)),
        ("one", "B", D(5)),
        ("one", "A", D(-10)),
    ]


def test_a_trip_that_is_still_open_is_not_told() -> None:
    trader = Trader()
    trader.fill("buy", 1, 100)
    assert trips(trader) == []


@pytest.mark.parametrize(
    ("enter", "leave", "best", "worst"), [("buy", "sell", 0.2, -0.05), ("sell", "buy", 0.05, -0.2)]
)
def test_the_best_of_a_trip_is_in_its_favour_and_the_worst_against_it(
    enter: str, leave: str, best: float, worst: float
) -> None:
    trader = Trader()
    trader.fill(enter, 1, 100)
    trader.see(high=120, low=95, close=100)
    trader.fill(leave, 1, 100)
    (trip,) = trips(trader)
    assert [trip.best, trip.worst] == pytest.approx([best, worst])


@pytest.mark.parametrize(("enter", "leave"), [("buy", "sell"), ("sell", "buy")])
def test_the_price_of_the_exit_counts_among_the_extremes(enter: str, leave: str) -> None:
    trader = Trader()
    trader.fill(enter, 1, 100)
    trader.fill(leave, 1, 125 if enter == "buy" else 75)
    (trip,) = trips(trader)
    assert [trip.best, trip.worst] == pytest.approx([0.25, 0.0])


def test_a_later_trip_does_not_remember_an_earlier_ones_extremes() -> None:
    trader = Trader()
    trader.fill("buy", 1, 100)
    trader.see(high=200, low=10, close=100)
    trader.fill("sell", 2, 100)
    trader.see(high=110, low=95, close=100)
    trader.fill("buy", 1, 100)
    assert [(trip.side, round(trip.best or 0, 9), round(trip.worst or 0, 9)) for trip in trips(trader)] == [
        ("long", 1.0, -0.9),
        ("short", 0.05, -0.1),
    ]


executions = st.tuples(
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 10**10).map(lambda units: Decimal(units).scaleb(-8)),
    st.integers(1, 10**7).map(lambda units: Decimal(units).scaleb(-4)),
)


@given(st.lists(executions, max_size=14), st.sampled_from(["0", "0.001", "-0.0003"]))
def test_profits_and_what_is_still_open_add_up_to_the_cash(
    fills: list[tuple[str, Decimal, Decimal]], rate: str
) -> None:
    trader = Trader(rate=rate)
    for number, (side, quantity, price) in enumerate(fills):
        trader.fill(side, quantity, price, at=number)
    total = D(10_000)
    for trip in trips(trader):
        total = add(total, trip.profit)
    held = trader.book.holdings.get(0)
    if held is not None:
        total = add(total, subtract(held.profit, held.fees))
        total = subtract(total, held.cost) if held.quantity > 0 else add(total, held.cost)
    assert trader.book.cash == total


@given(st.lists(executions, max_size=14))
def test_every_fee_is_of_exactly_one_trip(fills: list[tuple[str, Decimal, Decimal]]) -> None:
    trader = Trader(rate="0.001")
    for side, quantity, price in fills:
        trader.fill(side, quantity, price)
    held = trader.book.quantity(0)
    if held:
        trader.fill("sell" if held > 0 else "buy", abs(held), 1)
    paid = told = ZERO
    for fill in trader.fills:
        paid = add(paid, fill.fee)
    for trip in trips(trader):
        told = add(told, trip.fees)
        assert trip.best is None or trip.worst is None or trip.worst <= trip.best
    assert told == paid
