"""A strategy's own orders: what is refused of them at once, groups, and cancelling."""

from decimal import Decimal

from tests.broker.asking import CALM, ask, one
from tests.engine.scripted import Script, play

from papertape import Cancel

D = Decimal


def test_an_order_below_the_least_notional_is_refused() -> None:
    played = play(one(CALM), {0: [ask("buy", D("0.04"))]}, instruments={"A": {"min_notional": 5}})
    assert played.refusals == [(0, "its notional is below the least of 5 USD")]


def test_a_quantity_is_rounded_down_to_the_lot_and_below_one_lot_refused() -> None:
    lots = {"instruments": {"A": {"lot": "0.5"}}}
    assert play(one(CALM, CALM), {0: [ask("buy", D("1.9"))]}, **lots).fills[0].quantity == D("1.5")
    refused = play(one(CALM), {0: [ask("buy", D("0.4"))]}, **lots)
    assert refused.refusals == [(0, "its quantity is below one lot of 0.5")]


def test_a_price_below_one_tick_is_refused() -> None:
    played = play(one(CALM), {0: [ask("buy", type="limit", price=D("0.4"))]}, instruments={"A": {"tick": 1}})
    assert played.refusals == [(0, "its price is below one tick")]


def test_on_spot_a_request_cannot_sell_more_than_the_book_holds() -> None:
    script: Script = {0: [ask("buy", 5)], 1: [ask("sell", 3, type="limit", price=120), ask("sell", 3)]}
    played = play(one(CALM, CALM, CALM), script)
    assert played.refusals == [(1, "it would sell more than the book holds: a short position needs margin")]


def test_the_legs_of_a_group_fall_together() -> None:
    legs = [ask("buy", 10, group="pair", tag="near"), ask("buy", 100, group="pair", tag="far"), ask("buy", 1)]
    played = play(one(CALM, CALM), {0: legs})
    assert [(o.tag, o.status) for o in played.orders] == [("near", "refused"), ("far", "refused"), (None, "filled")]
    assert played.orders[0].reason == "a leg of its group was refused: what the book can spend does not cover it"


def test_the_legs_of_a_group_pass_together() -> None:
    legs = [ask("buy", 10, group="pair"), ask("buy", 20, group="pair")]
    assert [fill.quantity for fill in play(one(CALM, CALM), {0: legs}).fills] == [10, 20]


def test_a_strategy_cancels_its_orders_by_tag_or_by_number() -> None:
    limits = [ask("buy", 1, type="limit", price=90, tag="mine"), ask("buy", 1, type="limit", price=90)]
    by_tag = play(one(CALM, CALM), {0: limits, 1: [Cancel("mine")]})
    assert [order.status for order in by_tag.orders] == ["cancelled", "working"]
    by_number = play(one(CALM, CALM), {0: limits, 1: [Cancel(2)]})
    assert [order.status for order in by_number.orders] == ["working", "cancelled"]
