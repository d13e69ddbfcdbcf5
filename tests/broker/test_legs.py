"""A bracket's legs come with the fills of their entry, and go with the position."""

from decimal import Decimal

from tests.broker.asking import CALM, MARGIN, ask, bracket, one
from tests.engine.scripted import Script, play

from papertape import Signal

D = Decimal


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
        ("stop-loss", D(4), "working"),
        ("take-profit", D(4), "working"),
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
