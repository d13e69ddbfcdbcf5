"""Where one order meets one candle."""

from decimal import Decimal
from typing import Any

import pytest

from papertape.broker.matching import Prices, at_open, inside, market_inside, trailed
from papertape.broker.order import Order

D = Decimal


def order(type: Any, sign: int = 1, **fields: Any) -> Order:
    prices = {name: D(value) for name, value in fields.items()}
    return Order(1, 0, 0, 0, 0, "A", sign, type, D(1), "request", **prices)  # type: ignore[arg-type]


def candle(open: Any, high: Any, low: Any, close: Any) -> Prices:
    return Prices(D(open), D(high), D(low), D(close))


CALM = candle(100, 110, 90, 105)


def meet(made: Order, prices: Prices, touch: bool = False) -> Decimal | None:
    """The price of an order's first meeting with a candle."""
    price = at_open(made, prices.open, touch)
    return inside(made, prices, touch) if price is None else price


def test_a_market_order_fills_at_the_open() -> None:
    assert meet(order("market"), CALM) == 100
    assert meet(order("market", -1), CALM) == 100


def test_a_market_order_that_begins_inside_a_candle_gets_the_worse_of_open_and_close() -> None:
    assert market_inside(1, CALM) == 105
    assert market_inside(-1, CALM) == 100
    assert market_inside(1, candle(100, 110, 80, 85)) == 100
    assert market_inside(-1, candle(100, 110, 80, 85)) == 85


@pytest.mark.parametrize(
    ("made", "price"),
    [
        (order("stop", -1, stop_price=95), 95),
        (order("stop", -1, stop_price=90), 90),  # stops count from a touch
        (order("stop", -1, stop_price="89.99"), None),
        (order("stop", 1, stop_price=108), 108),
        (order("stop", 1, stop_price=110), 110),
        (order("stop", 1, stop_price="110.01"), None),
    ],
)
def test_a_stop_fills_at_its_price_when_the_range_reaches_it(made: Order, price: int | None) -> None:
    assert meet(made, CALM) == price


def test_a_gap_over_a_stop_fills_at_the_open() -> None:
    assert meet(order("stop", -1, stop_price=105), CALM) == 100
    assert meet(order("stop", 1, stop_price=95), CALM) == 100
    assert meet(order("trailing-stop", -1, stop_price=105, trail=5), CALM) == 100


def test_a_limit_needs_a_trade_through_its_price_and_not_a_touch() -> None:
    assert meet(order("limit", 1, price=90), CALM) is None
    assert meet(order("limit", 1, price="90.01"), CALM) == D("90.01")
    assert meet(order("limit", -1, price=110), CALM) is None
    assert meet(order("limit", -1, price="109.99"), CALM) == D("109.99")


def test_with_touch_a_limit_fills_where_the_range_only_touches_it() -> None:
    assert meet(order("limit", 1, price=90), CALM, touch=True) == 90
    assert meet(order("limit", -1, price=110), CALM, touch=True) == 110
    assert meet(order("limit", 1, price="89.99"), CALM, touch=True) is None


def test_a_limit_that_the_open_satisfies_already_fills_at_the_open() -> None:
    assert meet(order("limit", 1, price=102), CALM) == 100
    assert meet(order("limit", -1, price=98), CALM) == 100


def test_a_limit_at_exactly_the_open_waits_for_a_trade_through_it() -> None:
    assert at_open(order("limit", 1, price=100), CALM.open, False) is None
    assert inside(order("limit", 1, price=100), CALM, False) == 100
    assert at_open(order("limit", 1, price=100), CALM.open, True) == 100


def test_a_stop_limit_waits_for_its_stop() -> None:
    waiting = order("stop-limit", 1, stop_price=115, price=120)
    assert meet(waiting, CALM) is None
    assert not waiting.triggered


def test_a_stop_limit_that_triggers_inside_fills_at_its_stop_if_its_limit_allows_that() -> None:
    assert meet(order("stop-limit", 1, stop_price=105, price=106), CALM) == 105
    assert meet(order("stop-limit", -1, stop_price=95, price=94), CALM) == 95


def test_a_stop_limit_whose_limit_lies_on_the_far_side_of_its_stop_only_triggers() -> None:
    made = order("stop-limit", 1, stop_price=105, price=101)
    assert meet(made, CALM) is None
    assert made.triggered
    assert meet(made, candle(103, 104, 100, 102)) == 101  # from the next candle it is a limit like any other


def test_a_gap_over_a_stop_limit_leaves_a_limit_that_waits() -> None:
    made = order("stop-limit", -1, stop_price=108, price=106)
    assert meet(made, candle(100, 104, 90, 95)) is None
    assert made.triggered
    assert meet(made, candle(100, 107, 98, 99)) == 106


def test_a_stop_limit_that_opens_between_stop_and_limit_fills_at_the_open() -> None:
    assert meet(order("stop-limit", 1, stop_price=98, price=101), CALM) == 100


def test_a_stop_that_has_triggered_is_a_market_order_at_the_next_open() -> None:
    made = order("stop", -1, stop_price=95)
    assert meet(made, CALM) == 95
    assert at_open(made, D(99), False) == 99


def test_a_stop_that_an_entry_inside_the_candle_has_passed_already_fills_no_better_than_that_entry() -> None:
    falling = candle(100, 101, 80, 85)  # a short that begins inside it sells at 85
    assert inside(order("stop", 1, stop_price=84), falling, False) == 85
    rising = candle(100, 120, 99, 115)  # a long buys at 115
    assert inside(order("stop", -1, stop_price=118), rising, False) == 115


def test_a_trailing_stop_follows_the_best_price_and_never_moves_back() -> None:
    seller = order("trailing-stop", -1, stop_price=95, trail=8)
    assert trailed(seller, CALM) == 102
    assert trailed(seller, candle(90, 92, 88, 91)) == 95
    buyer = order("trailing-stop", 1, stop_price=105, trail=8)
    assert trailed(buyer, CALM) == 98
    assert trailed(buyer, candle(120, 125, 118, 121)) == 105
