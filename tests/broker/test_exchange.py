"""What happens inside a candle, told by whole sessions with numbers that can be checked in the head."""

from decimal import Decimal
from typing import Any

from tests.engine.scripted import MINUTE, Market, Script, flat, play, play_all, scripted

from papertape import Cancel, OrderRequest, Signal
from papertape.engine.config import Spec

D = Decimal
MARGIN: dict[str, Any] = {"instruments": {"A": {"margin": True, "leverage": 5}}}


def one(*bars: Any) -> Market:
    return {"A": bars}


def ask(side: Any, quantity: Any = 10, **fields: Any) -> OrderRequest:
    return OrderRequest("A", side, quantity, **fields)


CALM = (100.0, 100.0, 100.0, 100.0)


# Time


def test_an_order_fills_at_the_open_of_the_next_candle_and_not_at_the_close_that_decided_it() -> None:
    played = play(one(CALM, (103.0, 110.0, 90.0, 95.0)), {0: [ask("buy")]})
    assert played.traded == [(1, "request", "buy", 10.0, 103.0)]
    assert played.fills[0].at == MINUTE


def test_with_a_delay_a_market_order_fills_inside_the_next_candle_at_the_worse_of_open_and_close() -> None:
    played = play(one(CALM, (103.0, 110.0, 90.0, 95.0), CALM), {0: [ask("buy")], 1: [ask("sell", 4)]}, latency=1)
    assert played.traded == [(1, "request", "buy", 10.0, 103.0), (2, "request", "sell", 4.0, 100.0)]
    assert played.fills[0].at == 2 * MINUTE
    assert played.orders[0].effective == MINUTE + 1


def test_with_a_delay_of_a_whole_candle_the_order_waits_for_the_open_after_that() -> None:
    played = play(one(CALM, (103.0, 110.0, 90.0, 95.0), (97.0, 97.0, 97.0, 97.0)), {0: [ask("buy")]}, latency=MINUTE)
    assert played.traded == [(2, "request", "buy", 10.0, 97.0)]


def test_with_a_delay_limits_and_stops_start_with_the_next_candle() -> None:
    wide = (100.0, 120.0, 80.0, 100.0)
    script = {0: [ask("buy", type="limit", price=90), ask("buy", type="stop", stop_price=110)]}
    assert [batch for batch, *_ in play(one(CALM, wide, wide), script, latency=1).traded] == [2, 2]
    assert [batch for batch, *_ in play(one(CALM, wide, wide), script).traded] == [1, 1]


def test_an_order_waits_for_its_own_symbols_next_candle() -> None:
    market: Market = {"A": [CALM, None, None, (104.0,) * 4], "B": flat(1, 1, 1, 1)}
    assert play(market, {0: [ask("buy")]}).traded == [(3, "request", "buy", 10.0, 104.0)]


# Brackets


def bracket(*bars: Any, stop: float | None = 95.0, target: float | None = 110.0, **config: Any) -> Any:
    signal = Signal.buy("A", stop_loss=stop, take_profit=target)
    return play(one(CALM, *bars), {0: [signal]}, **config)


def test_both_legs_see_the_candle_at_whose_open_the_position_was_entered() -> None:
    assert bracket((100.0, 112.0, 99.0, 111.0)).traded[1:] == [(1, "take-profit", "sell", 10.0, 110.0)]
    assert bracket((100.0, 101.0, 94.0, 96.0)).traded[1:] == [(1, "stop-loss", "sell", 10.0, 95.0)]


def test_when_a_candle_holds_both_legs_it_was_the_stop() -> None:
    played = bracket((100.0, 120.0, 90.0, 110.0))
    assert played.traded[1:] == [(1, "stop-loss", "sell", 10.0, 95.0)]
    assert [order.status for order in played.orders] == ["filled", "filled", "cancelled"]


def test_a_gap_over_the_stop_fills_at_the_open_and_says_so() -> None:
    played = bracket(CALM, (90.0, 97.0, 88.0, 96.0))
    assert played.traded[1:] == [(2, "stop-loss", "sell", 10.0, 90.0)]
    assert played.fills[1].note == "gap over the stop"


def test_a_gap_over_the_target_fills_at_the_open() -> None:
    assert bracket(CALM, (115.0, 116.0, 114.0, 115.0)).traded[1:] == [(2, "take-profit", "sell", 10.0, 115.0)]


def test_the_target_needs_a_trade_through_it_unless_a_touch_is_enough() -> None:
    touching = (100.0, 110.0, 99.0, 105.0)
    assert len(bracket(touching).traded) == 1
    assert bracket(touching, touch=True).traded[1:] == [(1, "take-profit", "sell", 10.0, 110.0)]


def test_an_entry_that_opens_beyond_its_own_stop_is_filled_and_stopped_there_and_flagged() -> None:
    played = bracket((93.0, 99.0, 92.0, 98.0))
    assert played.traded == [(1, "entry", "buy", 10.0, 93.0), (1, "stop-loss", "sell", 10.0, 93.0)]
    assert played.fills[1].note == "opened beyond its own stop"


def test_after_an_entry_inside_a_candle_the_stop_counts_if_the_range_reaches_it() -> None:
    played = bracket((100.0, 104.0, 94.0, 103.0), latency=1)
    assert played.traded == [(1, "entry", "buy", 10.0, 103.0), (1, "stop-loss", "sell", 10.0, 95.0)]


def test_after_an_entry_inside_a_candle_the_target_counts_only_from_the_next() -> None:
    high = (100.0, 120.0, 99.0, 104.0)
    assert bracket(high, latency=1).traded == [(1, "entry", "buy", 10.0, 104.0)]
    assert bracket(high, high, latency=1).traded[1:] == [(2, "take-profit", "sell", 10.0, 110.0)]


def test_an_entry_inside_a_candle_beyond_its_own_stop_is_stopped_no_better_than_it_was_entered() -> None:
    played = bracket((90.0, 93.0, 88.0, 92.0), latency=1)
    assert played.traded == [(1, "entry", "buy", 10.0, 92.0), (1, "stop-loss", "sell", 10.0, 92.0)]
    assert played.fills[1].note == "opened beyond its own stop"


def test_a_short_has_its_bracket_the_other_way_round() -> None:
    script: Script = {0: [Signal.short("A", stop_loss=105.0, take_profit=90.0)]}
    assert play(one(CALM, (100.0, 106.0, 85.0, 95.0)), script, **MARGIN).traded == [
        (1, "entry", "sell", 10.0, 100.0),
        (1, "stop-loss", "buy", 10.0, 105.0),
    ]
    assert play(one(CALM, (100.0, 104.0, 85.0, 95.0)), script, **MARGIN).traded[1:] == [
        (1, "take-profit", "buy", 10.0, 90.0)
    ]


def test_one_leg_cancels_the_other_with_the_reason() -> None:
    stop, target = bracket((100.0, 112.0, 99.0, 111.0)).orders[1:]
    assert (stop.status, stop.reason) == ("cancelled", "the other leg of its bracket was filled")
    assert (target.status, target.filled) == ("filled", D(10))


def test_a_brackets_quantity_follows_the_filled_part_of_its_entry() -> None:
    thin = (100.0, 101.0, 99.0, 100.0, 4.0)
    played = bracket(thin, thin, participation=D(1))
    assert [(order.role, order.quantity) for order in played.orders[1:]] == [("stop-loss", D(8)), ("take-profit", D(8))]
    assert [order.parent for order in played.orders[1:]] == [played.orders[0].seq] * 2


def test_a_partial_exit_shrinks_both_legs() -> None:
    script: Script = {0: [Signal.buy("A", stop_loss=95.0, take_profit=110.0)], 1: [ask("sell", 3)]}
    played = play(one(CALM, CALM, CALM), script)
    assert [(order.role, order.quantity) for order in played.orders[1:3]] == [
        ("stop-loss", D(7)),
        ("take-profit", D(7)),
    ]


def test_a_leg_that_is_filled_in_part_shrinks_the_other_by_as_much() -> None:
    fat, thin = (100.0, 100.0, 100.0, 100.0, 100.0), (100.0, 100.0, 94.0, 95.0, 6.0)
    played = bracket(fat, thin, participation=D(1))
    assert played.traded[1:] == [(2, "stop-loss", "sell", 6.0, 95.0)]
    assert [(o.role, o.quantity - o.filled, o.status) for o in played.orders[1:]] == [
        ("stop-loss", 4, "working"),
        ("take-profit", 4, "working"),
    ]


def test_closing_the_position_takes_its_legs_off_the_book() -> None:
    script = {0: [Signal.buy("A", stop_loss=95.0, take_profit=110.0)], 1: [Signal.close("A")]}
    played = play(one(CALM, CALM, CALM), script)
    assert [(o.role, o.status, o.reason) for o in played.orders[1:3]] == [
        ("stop-loss", "cancelled", "the position was closed"),
        ("take-profit", "cancelled", "the position was closed"),
    ]
    assert played.book().orders == []


def test_legs_leave_when_an_order_turns_the_position_around() -> None:
    script: Script = {0: [Signal.buy("A", stop_loss=95.0, take_profit=110.0)], 1: [ask("sell", 25)]}
    played = play(one(CALM, CALM, CALM), script, **MARGIN)
    assert played.book().quantity(0) == -15
    assert played.book().orders == []


# Stops


def test_a_stop_that_the_volume_did_not_fill_goes_on_at_the_market() -> None:
    fat, thin, back = (100.0, 100.0, 100.0, 100.0, 100.0), (100.0, 100.0, 94.0, 95.0, 6.0), (99.0, 101.0, 98.0, 100.0)
    played = bracket(fat, thin, back, participation=D(1))
    assert played.traded[1:] == [(2, "stop-loss", "sell", 6.0, 95.0), (3, "stop-loss", "sell", 4.0, 99.0)]


def test_a_trailing_stop_moves_after_the_candle_for_the_next_one() -> None:
    trail = ask("sell", type="trailing-stop", trail=5)
    up, down = (100.0, 120.0, 99.0, 112.0), (118.0, 119.0, 114.0, 115.0)
    played = play(one(CALM, CALM, up, down), {0: [ask("buy")], 1: [trail]})
    # First at 95; the rise to 120 cannot stop the same candle at 115, though it closed at 112.
    assert played.traded[1:] == [(3, "request", "sell", 10.0, 115.0)]


def test_a_trailing_stop_may_begin_at_a_price_of_its_own() -> None:
    trail = ask("sell", type="trailing-stop", trail=5, stop_price=98)
    played = play(one(CALM, CALM, (100.0, 101.0, 97.5, 99.0)), {0: [ask("buy")], 1: [trail]})
    assert played.traded[1:] == [(2, "request", "sell", 10.0, 98.0)]


def test_a_stop_limit_becomes_a_limit_order() -> None:
    request = ask("buy", type="stop-limit", stop_price=105, price=106)
    played = play(one(CALM, (107.0, 108.0, 106.5, 107.0), (107.0, 107.0, 105.5, 106.0)), {0: [request]})
    assert played.traded == [(2, "request", "buy", 10.0, 106.0)]  # the gap triggered it beyond its limit


# How much


def test_without_a_limit_on_volume_a_candle_without_volume_fills() -> None:
    assert play(one(CALM, (100.0, 100.0, 100.0, 100.0, 0.0)), {0: [ask("buy")]}).traded[0][3] == 10.0


def test_with_a_limit_on_volume_a_candle_without_volume_fills_nothing() -> None:
    empty, full = (101.0, 101.0, 101.0, 101.0, 0.0), (102.0, 102.0, 102.0, 102.0, 100.0)
    played = play(one(CALM, empty, full), {0: [ask("buy")]}, participation=D("0.5"))
    assert played.traded == [(2, "request", "buy", 10.0, 102.0)]


def test_a_fill_takes_at_most_its_part_of_the_candles_volume_and_the_rest_goes_on() -> None:
    market = one(CALM, (100.0, 100.0, 100.0, 100.0, 30.0), (101.0, 101.0, 101.0, 101.0, 30.0))
    played = play(market, {0: [ask("buy")]}, participation=D("0.2"))
    assert played.traded == [(1, "request", "buy", 6.0, 100.0), (2, "request", "buy", 4.0, 101.0)]
    assert played.fills[0].note == "partial: volume limit"


def test_the_volume_is_shared_by_all_orders_of_one_book() -> None:
    script = {0: [ask("buy", 10, tag="first"), ask("buy", 10, tag="second")]}
    played = play(one(CALM, (100.0, 100.0, 100.0, 100.0, 14.0)), script, participation=D(1))
    assert [fill.quantity for fill in played.fills] == [10, 4]


def test_the_volume_is_not_shared_across_books() -> None:
    script: Script = {0: [ask("buy", 10)]}
    books = {"one": scripted(script), "other": scripted(script)}
    played = play_all(one(CALM, (100.0, 100.0, 100.0, 100.0, 10.0)), books, participation=D(1))
    assert [(fill.book, fill.quantity) for fill in played.fills] == [("one", D(10)), ("other", D(10))]


def test_what_the_volume_allows_is_rounded_down_to_the_lot() -> None:
    market = one(CALM, (100.0, 100.0, 100.0, 100.0, 7.9))
    assert play(market, {0: [ask("buy")]}, participation=D(1), instruments={"A": {"lot": 1}}).fills[0].quantity == 7


def test_ioc_fills_what_it_can_at_once_and_the_rest_is_cancelled() -> None:
    market = one(CALM, (100.0, 100.0, 100.0, 100.0, 4.0), CALM)
    played = play(market, {0: [ask("buy", time_in_force="IOC")]}, participation=D(1))
    assert [fill.quantity for fill in played.fills] == [4]
    assert (played.orders[0].status, played.orders[0].filled) == ("cancelled", D(4))


def test_ioc_that_begins_inside_a_candle_ends_with_that_candle() -> None:
    market = one(CALM, (100.0, 100.0, 100.0, 100.0, 4.0), CALM)
    played = play(market, {0: [ask("buy", time_in_force="IOC")]}, participation=D(1), latency=1)
    assert [fill.quantity for fill in played.fills] == [4]
    assert played.orders[0].status == "cancelled"


def test_an_ioc_limit_that_its_first_candle_does_not_reach_is_cancelled() -> None:
    played = play(one(CALM, CALM, flat(80)[0]), {0: [ask("buy", type="limit", price=90, time_in_force="IOC")]})
    assert played.fills == []
    assert played.orders[0].reason == "IOC: the rest could not be filled at once"


def test_fok_is_all_or_nothing() -> None:
    request = ask("buy", time_in_force="FOK")
    thin = one(CALM, (100.0, 100.0, 100.0, 100.0, 9.0), CALM)
    played = play(thin, {0: [request]}, participation=D(1))
    assert (played.fills, played.orders[0].reason) == ([], "FOK: the candle's volume does not hold all of it")
    enough = one(CALM, (100.0, 100.0, 100.0, 100.0, 10.0))
    assert play(enough, {0: [request]}, participation=D(1)).fills[0].quantity == 10


def test_fok_is_not_cut_to_cash_or_to_the_position() -> None:
    gap = play(one(CALM, flat(101)[0]), {0: [ask("buy", 100, time_in_force="FOK")]})
    assert (gap.fills, gap.orders[0].status) == ([], "cancelled")
    script: Script = {0: [ask("buy", 5)], 1: [ask("sell", 8, time_in_force="FOK", reduce_only=True)]}
    small = play(one(CALM, CALM, CALM), script)
    assert (len(small.fills), small.orders[1].reason) == (1, "FOK: the position is smaller than all of it")


def test_good_till_time_works_until_its_time_and_then_expires() -> None:
    request = ask("buy", type="limit", price=90, time_in_force="GTT", expires=2 * MINUTE)
    dip = (100.0, 100.0, 80.0, 100.0)
    assert play(one(CALM, dip, dip), {0: [request]}).traded == [(1, "request", "buy", 10.0, 90.0)]
    late = play(one(CALM, CALM, dip), {0: [request]})
    assert (late.fills, late.orders[0].status) == ([], "expired")


def test_an_order_whose_time_ends_inside_a_candle_may_still_fill_at_its_open() -> None:
    deal = {"time_in_force": "GTT", "expires": MINUTE + 1}
    assert len(play(one(CALM, CALM), {0: [ask("buy", **deal)]}).fills) == 1
    inside = play(one(CALM, (100.0, 100.0, 80.0, 90.0)), {0: [ask("buy", type="limit", price=90, **deal)]})
    assert (inside.fills, inside.orders[0].status) == ([], "expired")


def test_reduce_only_shrinks_a_position_and_never_turns_it() -> None:
    script: Script = {0: [ask("buy", 5)], 1: [ask("sell", 8, reduce_only=True)], 2: [ask("sell", 1, reduce_only=True)]}
    played = play(one(*[CALM] * 4), script, **MARGIN)
    assert played.traded[1:] == [(2, "request", "sell", 5.0, 100.0)]
    assert [o.reason for o in played.orders if o.status == "cancelled"] == ["there is no position left to reduce"] * 2


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


# Fees, slippage, ticks


def test_a_limit_that_waited_pays_the_makers_fee_and_all_else_the_takers() -> None:
    fees = {"instruments": {"A": {"maker": "0.001", "taker": "0.002"}}}
    waiting = play(one(CALM, (100.0, 100.0, 80.0, 100.0)), {0: [ask("buy", type="limit", price=90)]}, **fees)
    assert (waiting.fills[0].maker, waiting.fills[0].fee) == (True, D("0.9"))
    crossing = play(one(CALM, CALM), {0: [ask("buy", type="limit", price=101)]}, **fees)
    assert (crossing.fills[0].maker, crossing.fills[0].fee) == (False, D(2))
    stop = play(one(CALM, (100.0, 120.0, 100.0, 100.0)), {0: [ask("buy", 1, type="stop", stop_price=110)]}, **fees)
    assert (stop.fills[0].maker, stop.fills[0].fee) == (False, D("0.22"))


def test_slippage_and_then_the_tick_go_against_the_trader_after_the_price_is_found() -> None:
    config: dict[str, Any] = {"slippage": Spec("fixed-bps", {"bps": 10}), "instruments": {"A": {"tick": "0.25"}}}
    played = play(one(CALM, CALM, CALM), {0: [ask("buy")], 1: [ask("sell")]}, **config)
    # 100 -> 100.1 -> 100.25 to buy, 99.9 -> 99.75 to sell: outside the candle's range, which is a single price.
    assert [fill.price for fill in played.fills] == [D("100.25"), D("99.75")]


def test_a_stop_slips_from_its_price() -> None:
    played = bracket((100.0, 101.0, 94.0, 96.0), slippage=Spec("fixed-bps", {"bps": 100}))
    assert [fill.price for fill in played.fills] == [D(101), D("94.05")]


def test_a_limit_is_never_exceeded_by_slippage_or_tick() -> None:
    config: dict[str, Any] = {"slippage": Spec("fixed-bps", {"bps": 100}), "instruments": {"A": {"tick": "0.25"}}}
    crossing = play(one(CALM, CALM), {0: [ask("buy", type="limit", price=D("100.60"))]}, **config)
    assert crossing.fills[0].price == D("100.5")  # the limit, on the tick below; slippage alone would say 101
    waiting = play(one(CALM, (100.0, 100.0, 80.0, 90.0)), {0: [ask("buy", type="limit", price=90)]}, **config)
    assert waiting.fills[0].price == 90  # who waits does not slip


def test_prices_of_requests_go_to_the_tick_away_from_the_market() -> None:
    script: Script = {
        0: [
            ask("buy", 1, type="limit", price=D("90.3")),
            ask("sell", 1, type="limit", price=D("110.3"), reduce_only=True),
            ask("buy", 1, type="stop", stop_price=D("110.3")),
            ask("sell", 1, type="stop", stop_price=D("90.3"), reduce_only=True),
        ]
    }
    orders = play(one(CALM), script, instruments={"A": {"tick": "0.5"}}).orders
    assert [order.price or order.stop_price for order in orders] == [D(90), D("110.5"), D("110.5"), D(90)]


# Requests


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
