"""Isolated margin: a position has its own, takes it from the book's free cash, gives it back, and falls alone."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.scripted import Bar, Market, Played, Script, play

from papertape import OrderRequest, Signal
from papertape.broker.book import Book

D = Decimal
CALM = (100.0, 100.0, 100.0, 100.0)
RULES: dict[str, Any] = {"kind": "perpetual", "isolated": True, "leverage": 10, "maintenance": "0.05"}


def buy(quantity: int, symbol: str = "A") -> OrderRequest:
    return OrderRequest(symbol, "buy", quantity)


def sell(quantity: int, symbol: str = "A") -> OrderRequest:
    return OrderRequest(symbol, "sell", quantity)


def lever(script: Script, *bars: Bar, **rules: Any) -> Played:
    """A session of isolated positions with leverage 10 and a twentieth of maintenance, on a cash of 1,000."""
    market: Market = {"A": [CALM, *bars]}
    return play(market, script, cash=D(1_000), instruments={"A": {**RULES, **rules}})


def margin(played: Played) -> Decimal | None:
    return played.book().holdings[0].margin


def test_a_position_takes_its_margin_from_free_cash() -> None:
    played = lever({0: [buy(40)]}, CALM)
    assert margin(played) == 400
    assert played.book().free() == 600
    assert played.book().exact_equity(played.built.session.market.last) == 1_000


def test_a_long_falls_when_its_own_margin_does_and_the_rest_of_the_book_stays() -> None:
    # 400 + 40 (p - 100) = 0.05 x 40 p  at  p = 3,600 / 38 = 94.7368...
    assert lever({0: [buy(40)]}, CALM, (100.0, 101.0, 94.74, 99.0)).traded[1:] == []
    played = lever({0: [buy(40)]}, CALM, (100.0, 101.0, 94.73, 99.0))
    [(_, role, side, quantity, price)] = played.traded[1:]
    assert (role, side, quantity, round(price, 4)) == ("liquidation", "sell", 40.0, 94.7368)
    assert played.book().cash == pytest.approx(D(1_000) - 40 * (100 - D(3_600) / 38))


def test_a_short_falls_on_the_other_side() -> None:
    # 400 + 40 (100 - p) = 2 p  at  p = 4,400 / 42 = 104.7619...
    assert lever({0: [sell(40)]}, CALM, (100.0, 104.76, 99.0, 99.0)).traded[1:] == []
    assert lever({0: [sell(40)]}, CALM, (100.0, 104.77, 99.0, 99.0)).traded[1][1] == "liquidation"


def test_a_gap_costs_more_than_the_margin_by_what_the_gap_is() -> None:
    played = lever({0: [buy(40)]}, CALM, (85.0, 86.0, 84.0, 85.0))
    assert played.traded[1:] == [(2, "liquidation", "sell", 40.0, 85.0)]
    assert played.book().cash == 400  # 600 kept free less 40 x 5 beyond the bankruptcy price of 90


def test_one_position_falls_and_the_other_stays() -> None:
    rules = {"A": RULES, "B": RULES}
    fall = (100.0, 100.0, 90.0, 95.5)
    market: Market = {"A": [CALM, CALM, fall], "B": [CALM, CALM, CALM]}
    played = play(market, {0: [buy(40), buy(40, "B")]}, cash=D(1_000), instruments=rules)
    assert [role for _, role, *_ in played.traded] == ["request", "request", "liquidation"]
    assert list(played.book().holdings) == [1]


def test_an_isolated_loss_does_not_liquidate_what_stands_together() -> None:
    cross = {**RULES, "isolated": False}
    market: Market = {"A": [CALM, CALM, (100.0, 100.0, 90.0, 90.0)], "B": [CALM] * 3}
    played = play(market, {0: [buy(50), buy(20, "B")]}, cash=D(1_000), instruments={"A": RULES, "B": cross})
    assert [(order.symbol, order.role) for order in played.orders[2:]] == [("A", "liquidation")]


def test_adding_and_leaving_take_and_release_margin_exactly() -> None:
    played = lever({0: [buy(30)], 1: [buy(10)], 2: [sell(10)]}, CALM, CALM, CALM)
    assert margin(played) == 300
    assert played.book().free() == 700
    part = lever({0: [buy(30)], 1: [sell(20)]}, CALM, (110.0, 110.0, 110.0, 110.0))
    assert margin(part) == 100
    assert part.book().free() == 1_000 - 100 + 20 * 10


def test_a_reversal_releases_the_old_margin_and_takes_a_new_one() -> None:
    played = lever({0: [buy(30)], 1: [sell(50)]}, CALM, (110.0, 110.0, 110.0, 110.0))
    assert played.book().quantity(0) == -20
    assert margin(played) == 220
    assert played.book().free() == 1_000 + 30 * 10 - 220


def test_buying_power_is_free_cash_times_leverage() -> None:
    assert lever({0: [Signal.buy("A", size=50_000)]}, CALM).traded == [(1, "entry", "buy", 100.0, 100.0)]
    again = lever({0: [buy(60)], 1: [buy(41)], 2: [buy(40)]}, CALM, CALM, CALM)
    assert again.refusals == [(1, "what the book can spend does not cover it")]
    assert margin(again) == 1_000


def test_the_fee_is_covered_too() -> None:
    played = lever({0: [Signal.buy("A", size=50_000)]}, CALM, taker="0.01")
    # A unit takes 10 of margin and 1 of fee.
    assert played.fills[0].quantity == D("90.90909090")
    assert 0 <= played.book().free() < D("0.000001")


def test_working_orders_reserve_margin() -> None:
    rest = OrderRequest("A", "buy", 60, type="limit", price=50)
    played = lever({0: [rest], 1: [buy(71)], 2: [buy(70)]}, CALM, CALM, CALM)
    assert played.refusals == [(1, "what the book can spend does not cover it")]
    assert [fill.quantity for fill in played.fills] == [70]


@pytest.mark.parametrize("side", ["buy", "short"])
def test_an_entry_that_gapped_is_cut_to_what_free_cash_covers(side: Any) -> None:
    played = lever({0: [Signal("A", side, size=10_000)]}, (125.0, 125.0, 125.0, 125.0))
    assert played.fills[0].quantity == 80
    assert played.orders[0].reason == "the price moved and cash no longer covers the rest"


def test_the_liquidation_fee_is_taken_once_and_named() -> None:
    played = lever({0: [buy(40)]}, CALM, (90.0, 90.0, 90.0, 90.0), taker="0.001", liquidation_fee="0.0125")
    entry, exit = played.fills
    assert (entry.fee, entry.note) == (D(4), "")
    assert exit.fee == 40 * 90 * (D("0.001") + D("0.0125"))
    assert exit.note == "liquidation, 45 of the fee is for it"
    assert played.book().cash == 1_000 - 4 - 400 - D("48.6")


def test_the_limit_on_volume_never_applies_to_it() -> None:
    market: Market = {"A": [CALM, (*CALM, 100.0), (94.0, 94.0, 94.0, 94.0, 0.0)]}
    played = play(market, {0: [buy(40)]}, cash=D(1_000), instruments={"A": RULES}, participation=D(1))
    assert played.traded[1:] == [(2, "liquidation", "sell", 40.0, 94.0)]


def test_maintenance_by_tiers_falls_with_the_notional() -> None:
    # At 4,000 notional the second tier holds: 0.1 x 4,000 - 100 = 300. Below 2,000 it would be 0.05.
    # 400 + 40 (p - 100) = 4 p - 100  at  p = 3,500 / 36 = 97.22...
    tiers = [[0, 0.05], [2_000, 0.1]]
    assert lever({0: [buy(40)]}, CALM, (100.0, 100.0, 97.23, 100.0), tiers=tiers).traded[1:] == []
    [(*_, price)] = lever({0: [buy(40)]}, CALM, (100.0, 100.0, 97.2, 100.0), tiers=tiers).traded[1:]
    assert round(price, 4) == 97.2222


def test_where_the_margin_jumps_at_a_floor_the_floor_can_be_the_price() -> None:
    # Short 40 with no deductions: up to a notional of 4,080 (p = 102) 0.01 suffices, from there on 0.2 is needed.
    tiers = [[0, 0.01, 0], [4_080, 0.2, 0]]
    assert lever({0: [sell(40)]}, CALM, (100.0, 101.99, 100.0, 100.0), tiers=tiers).traded[1:] == []
    assert lever({0: [sell(40)]}, CALM, (100.0, 102.0, 100.0, 100.0), tiers=tiers).traded[1][4] == 102.0


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-30, 30).filter(bool), st.integers(50, 150)), min_size=1, max_size=12),
    st.sampled_from([1, 3, 7, 20]),
)
def test_free_cash_and_margins_always_add_up(trades: list[tuple[int, int]], leverage: int) -> None:
    """Free cash + margin + unrealised profit is equity at any price, and flat all of cash is free."""
    book = Book("a", D(10_000), True)
    for units, price in trades:
        book.settle(0, 1 if units > 0 else -1, D(abs(units)), D(price), D("0.0004"), 0, D(leverage))
        held = book.holdings.get(0)
        if held is None:
            assert book.free() == book.cash
        else:
            assert held.margin is not None and held.margin >= 0
            signed = held.cost if held.quantity > 0 else -held.cost
            for at in (D(1), D("77.7"), D(1_000)):
                assert book.free() + held.margin + (held.quantity * at - signed) == book.cash + held.quantity * at


def test_an_exit_inside_a_candle_does_not_come_before_the_liquidation_on_the_way_to_it() -> None:
    # Decided at minute 2, effective within the candle from 100 to 90, at the worse of both; at 94.74 it has fallen.
    market: Market = {"A": [CALM, CALM, CALM, (100.0, 100.0, 90.0, 90.0)]}
    script: Script = {0: [buy(40)], 2: [OrderRequest("A", "sell", 40, reduce_only=True)]}
    played = play(market, script, cash=D(1_000), instruments={"A": RULES}, latency=1)
    assert [(role, round(price, 2)) for _, role, _, _, price in played.traded[1:]] == [("liquidation", 94.74)]
    assert [order.status for order in played.orders if order.reduce_only] == ["cancelled"]
