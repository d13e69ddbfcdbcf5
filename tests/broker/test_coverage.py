"""An order that its book no longer covers when it fills is cut."""

from decimal import Decimal

from tests.broker.asking import CALM, ask, one
from tests.engine.scripted import flat, play

from papertape import Signal

D = Decimal


def test_a_spot_buy_that_cash_no_longer_covers_at_a_gap_is_cut_and_the_rest_cancelled_with_the_reason() -> None:
    played = play(one(CALM, flat(112)[0]), {0: [ask("buy", 100)]}, instruments={"A": {"lot": "0.5"}})
    assert played.traded == [(1, "request", "buy", 89.0, 112.0)]  # 10,000 / 112 = 89.28...
    assert (played.orders[0].status, played.orders[0].reason) == (
        "cancelled",
        "the price moved and cash no longer covers the rest",
    )
    assert played.book().cash == 10_000 - 89 * 112


def test_the_cut_to_cash_leaves_room_for_the_fee() -> None:
    played = play(one(CALM, flat(101)[0]), {0: [ask("buy", 99)]}, fee_bps=D(100), instruments={"A": {"lot": 1}})
    # 98 units at 101 with 1 % are 9,996.98; 99 would be 10,098.99.
    assert (played.fills[0].quantity, played.book().cash) == (D(98), D("3.02"))


def test_the_cut_to_cash_is_found_at_once_however_small_the_lot() -> None:
    tiny = 1.23456e-9
    market = one(flat(tiny)[0], flat(tiny * 1.5)[0])
    played = play(market, {0: [Signal.buy("A", size=9_000)]})
    assert 0 <= played.book().cash < D("0.00000002")
