"""What signals mean: a side and not an order, or a target; when nothing of it is carried out."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from tests.engine.scripted import MINUTE, Market, Script, flat, play, play_all, scripted
from tests.engine.sides import BUY, CLOSE, MARGIN, SHORT, calm, sides

from papertape import CandleFlag, OrderRequest, Signal
from papertape.engine.config import Spec

D = Decimal


# A side, not an order


def test_to_ask_again_for_the_side_held_does_nothing() -> None:
    assert sides(play(calm(5), {k: [BUY] for k in range(5)})) == [(1, "entry", "buy", 10)]


def test_to_ask_again_for_the_side_being_entered_does_nothing() -> None:
    played = play(calm(4), {k: [BUY] for k in range(3)}, latency=MINUTE)
    assert sides(played) == [(2, "entry", "buy", 10)]


def test_a_different_signal_for_the_side_held_is_recorded_and_changes_neither_size_nor_bracket() -> None:
    again = Signal.buy("A", size=5_000, stop_loss=50.0, confidence=0.5)
    played = play(calm(4), {0: [BUY], 1: [again]})
    assert sides(played) == [(1, "entry", "buy", 10)]
    assert len(played.effects.signals) == 2


def test_silence_keeps_the_position() -> None:
    assert sides(play(calm(5), {0: [BUY]})) == [(1, "entry", "buy", 10)]


@pytest.mark.parametrize("action", ["close", "sell", "cover"])
def test_close_sell_and_cover_all_mean_flat(action: Any) -> None:
    flat_signal = Signal("A", action)
    assert sides(play(calm(4), {0: [BUY], 1: [flat_signal]}))[1:] == [(2, "exit", "sell", 10)]
    assert sides(play(calm(4), {0: [SHORT], 1: [flat_signal]}, **MARGIN))[1:] == [(2, "exit", "buy", 10)]


@pytest.mark.parametrize("config", [{}, MARGIN])
def test_sell_never_opens_a_short(config: dict[str, Any]) -> None:
    played = play(calm(4), {0: [Signal("A", "sell")], 2: [CLOSE]}, **config)
    assert (played.orders, len(played.effects.signals)) == ([], 2)


def test_a_close_cancels_an_entry_that_is_still_under_way() -> None:
    played = play(calm(4), {0: [BUY], 1: [CLOSE]}, latency=MINUTE)
    assert (played.fills, played.orders[0].reason) == ([], "a newer signal asks for something else")


def test_a_short_needs_margin() -> None:
    refused = play(calm(3), {0: [SHORT]})
    assert refused.refusals == [(0, "it is a spot instrument: a short position needs margin")]
    assert sides(play(calm(3), {0: [SHORT]}, **MARGIN)) == [(1, "entry", "sell", 10)]


def test_a_reversal_closes_first_and_sizes_the_new_side_after_that() -> None:
    market: Market = {"A": flat(100, 100, 120, 120, 120)}
    half: dict[str, Any] = {"sizer": Spec("fixed-fraction", {"fraction": "0.5"}), **MARGIN}
    played = play(market, {0: [BUY], 1: [SHORT]}, **half)
    # 50 long at 100, out at 120: equity is 11,000 by then, and half of that is 45.83... units at 120.
    assert sides(played)[:2] == [(1, "entry", "buy", 50), (2, "exit", "sell", 50)]
    assert played.fills[2].batch == 3
    assert played.fills[2].quantity == D("45.83333333")


def test_a_reversal_that_is_taken_back_before_the_exit_fills_enters_again_after_it() -> None:
    played = play(calm(7), {0: [BUY], 2: [SHORT], 3: [BUY]}, latency=MINUTE, **MARGIN)
    assert sides(played) == [(2, "entry", "buy", 10), (4, "exit", "sell", 10), (6, "entry", "buy", 10)]


def test_an_entry_that_was_refused_may_be_asked_for_again() -> None:
    dear = Signal.buy("A", stop_loss=105.0)
    played = play({"A": flat(100, 110, 110)}, {0: [dear], 1: [dear]})
    assert played.refusals == [(0, "its stop_loss is not below the close")]
    assert sides(played) == [(2, "entry", "buy", 10)]


def test_a_refusal_is_recorded_once_as_long_as_it_does_not_change() -> None:
    played = play(calm(6), {0: [SHORT], 1: [SHORT], 2: [CLOSE], 3: [SHORT]})
    assert [batch for batch, _ in played.refusals] == [0]
    bad = Signal.buy("A", stop_loss=105.0)
    assert [batch for batch, _ in play(calm(6), {0: [SHORT], 1: [bad], 2: [SHORT]}).refusals] == [0, 1, 2]


def test_what_was_said_between_two_equal_signals_is_not_forgotten() -> None:
    closing, opening = Signal.close("A"), Signal.short("A")  # the short is refused, so the book never changes
    played = play(calm(6), {0: [closing], 1: [closing], 2: [opening], 3: [closing], 4: [closing], 5: [opening]})
    assert [signal.action for signal in played.effects.signals] == ["close", "short", "close", "short"]


def test_a_signal_is_recorded_only_where_it_differs_from_the_last_one_of_its_symbol() -> None:
    said = [Signal.buy("A", reason=str(k), price=float(k + 1), metadata={"k": k}) for k in range(3)]
    played = play(calm(4), {k: [signal] for k, signal in enumerate(said)})
    assert [(row.reason, row.metadata) for row in played.effects.signals] == [("0", '{"k": 0}')]


def test_a_bracket_on_the_wrong_side_of_the_close_is_refused() -> None:
    reasons = {
        Signal.buy("A", stop_loss=100.0): "its stop_loss is not below the close",
        Signal.buy("A", take_profit=99.0): "its take_profit is not above the close",
        Signal.short("A", stop_loss=99.0): "its stop_loss is not above the close",
        Signal.short("A", take_profit=100.0): "its take_profit is not below the close",
    }
    assert {signal: play(calm(1), {0: [signal]}, **MARGIN).refusals[0][1] for signal in reasons} == reasons


def test_a_signal_for_a_symbol_without_a_candle_yet_is_refused() -> None:
    market: Market = {"A": [None, *flat(100, 100)], "B": flat(1, 1, 1)}
    assert play(market, {0: [BUY]}).refusals == [(0, "there is no candle of it yet")]


def test_a_signal_for_an_unknown_symbol_is_an_error_of_the_plugin() -> None:
    played = play(calm(2), {0: [Signal.buy("Z")]})
    assert [(e.kind, e.message) for e in played.effects.plugin_events] == [
        ("error", "PluginError: it signalled 'Z', which is not in this session")
    ]


# Targets


def test_a_target_quantity_opens_adds_reduces_and_closes() -> None:
    script: Script = {k: [Signal.target("A", quantity=q)] for k, q in enumerate([5, 8, 2, 0])}
    assert sides(play(calm(6), script)) == [
        (1, "entry", "buy", 5),
        (2, "entry", "buy", 3),
        (3, "exit", "sell", 6),
        (4, "exit", "sell", 2),
    ]


def test_a_target_fraction_is_of_the_equity_at_the_close() -> None:
    played = play({"A": flat(100, 100, 200, 200)}, {k: [Signal.target("A", fraction=0.5)] for k in (0, 2)})
    # 50 units; at 200 equity is 15,000, half of it 37.5 units.
    assert sides(played) == [(1, "entry", "buy", 50), (3, "exit", "sell", 12.5)]


def test_a_target_on_the_other_side_closes_first() -> None:
    script: Script = {0: [Signal.target("A", quantity=5)], 1: [Signal.target("A", quantity=-3)]}
    assert sides(play(calm(5), script, **MARGIN)) == [
        (1, "entry", "buy", 5),
        (2, "exit", "sell", 5),
        (3, "entry", "sell", 3),
    ]


def test_a_target_is_cut_toward_zero_to_the_lot() -> None:
    lots: dict[str, Any] = {"instruments": {"A": {"lot": 1, "margin": True}}}
    assert sides(play(calm(2), {0: [Signal.target("A", quantity=-2.9)]}, **lots)) == [(1, "entry", "sell", 2)]


def test_a_target_already_under_way_is_not_asked_for_twice() -> None:
    target = Signal.target("A", quantity=5)
    assert sides(play(calm(5), {k: [target] for k in range(4)}, latency=MINUTE)) == [(2, "entry", "buy", 5)]


def test_a_newer_target_replaces_an_order_that_still_works() -> None:
    script: Script = {0: [Signal.target("A", quantity=5)], 1: [Signal.target("A", quantity=7)]}
    played = play(calm(5), script, latency=MINUTE)
    assert [(order.quantity, order.status) for order in played.orders] == [(D(5), "cancelled"), (D(7), "filled")]


def test_a_targets_size_is_its_quantity() -> None:
    signal = Signal("A", "target", quantity=5, size=D(9_000))
    assert sides(play(calm(2), {0: [signal]})) == [(1, "entry", "buy", 5)]


def test_numpys_numbers_will_do() -> None:
    script: Script = {0: [Signal.target("A", quantity=np.float64(2.5))], 1: [Signal("A", "close")]}
    assert sides(play(calm(3), script)) == [(1, "entry", "buy", 2.5), (2, "exit", "sell", 2.5)]
    request = OrderRequest("A", "buy", np.int64(3))  # type: ignore[arg-type]
    assert sides(play(calm(2), {0: [request]})) == [(1, "request", "buy", 3)]


# Muted, stale, flagged


def test_during_warm_up_signals_are_recorded_and_nothing_is_traded() -> None:
    played = play(calm(5), {0: [BUY], 2: [BUY]}, warmed=2)
    assert sides(played) == [(3, "entry", "buy", 10)]
    assert [(row.batch, row.muted) for row in played.effects.signals] == [(0, True)]


def test_entries_in_a_symbol_that_has_gone_stale_are_refused_and_exits_are_not() -> None:
    market: Market = {"A": [*flat(100, 100), None, None, None, *flat(100)], "B": flat(*[1.0] * 6)}
    played = play(market, {0: [BUY], 4: [CLOSE]}, stale_after=2)
    assert sides(played)[1:] == [(5, "exit", "sell", 10)]
    assert play(market, {4: [BUY]}, stale_after=2).refusals == [(4, "its data are stale")]
    assert play(market, {3: [BUY]}, stale_after=2).refusals == []


def test_a_strategys_entries_are_blocked_on_candles_it_does_not_tolerate() -> None:
    picky = scripted({0: [BUY]})
    picky.refuses = CandleFlag.FILE
    played = play_all(calm(2), {"picky": picky})
    assert played.refusals == [(0, "its newest candle carries a flag that the strategy does not tolerate")]
