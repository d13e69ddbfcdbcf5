"""When, at what price and how much an order fills, by numbers that can be checked in the head."""

from decimal import Decimal
from typing import Any

from tests.broker.asking import CALM, MARGIN, ask, bracket, one
from tests.engine.scripted import MINUTE, Market, Script, flat, play, play_all, scripted

from papertape.engine.config import Spec

D = Decimal


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
