"""What signals mean: a side and not an order, sized when they are acted on, and refused with a reason."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from tests.engine.scripted import MINUTE, Market, Played, Script, flat, play, play_all, scripted

from papertape import (
    CandleFlag,
    Mark,
    OrderRequest,
    RiskRule,
    Signal,
    Sizer,
    SizingRequest,
    Standing,
    Verdict,
)
from papertape.engine.config import Spec

BTC = "BTC/USDT"

D = Decimal
BUY, SHORT, CLOSE = Signal.buy("A"), Signal.short("A"), Signal.close("A")
MARGIN: dict[str, Any] = {"instruments": {"A": {"margin": True, "leverage": 2}}}


def calm(batches: int) -> Market:
    return {"A": flat(*[100.0] * batches)}


def sides(played: Played) -> list[tuple[int, str, str, float]]:
    return [(batch, role, side, quantity) for batch, role, side, quantity, _ in played.traded]


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


# Sizing


def test_a_signals_own_size_wins_over_the_sizer() -> None:
    assert sides(play(calm(2), {0: [Signal.buy("A", size=250)]})) == [(1, "entry", "buy", 2.5)]


def test_size_comes_from_the_equity_at_the_close_that_decided_and_is_rounded_down_to_the_lot() -> None:
    config: dict[str, Any] = {"sizer": Spec("fixed-fraction"), "instruments": {"A": {"lot": "0.1"}}}
    assert sides(play({"A": flat(130, 100)}, {0: [BUY]}, **config)) == [(1, "entry", "buy", 73.0)]  # 9,500 / 130


def test_the_default_sizer_splits_between_the_sessions_symbols() -> None:
    market: Market = {"A": flat(100, 100), "B": flat(50, 50)}
    played = play(market, {0: [Signal.buy("B"), BUY]}, sizer=Spec("fixed-fraction"))
    assert [(fill.symbol, fill.quantity) for fill in played.fills] == [("A", D("47.5")), ("B", D(95))]


def test_working_entries_reserve_cash_with_their_fee() -> None:
    config: dict[str, Any] = {"sizer": Spec("fixed-notional", {"notional": 6_000}), "fee_bps": D(100)}
    played = play({"A": flat(100, 100), "B": flat(100, 100)}, {0: [BUY, Signal.buy("B")]}, **config)
    # The first takes 6,000 and 60; 3,940 are left for notional and fee: 39.00990099 units.
    assert [(fill.symbol, fill.quantity) for fill in played.fills] == [("A", D(60)), ("B", D("39.00990099"))]
    assert 0 <= played.book().cash < D("0.01")


def test_exits_are_worked_first_and_entries_in_the_order_they_were_said() -> None:
    market: Market = {name: flat(100, 100, 100) for name in "ABC"}
    script: Script = {0: [BUY], 1: [Signal.buy("C"), Signal.buy("B"), CLOSE]}
    played = play(market, script)
    assert [(order.symbol, order.role) for order in played.orders[1:]] == [
        ("A", "exit"),
        ("C", "entry"),
        ("B", "entry"),
    ]


def test_an_entry_is_cut_to_what_the_book_can_spend() -> None:
    assert sides(play(calm(2), {0: [Signal.buy("A", size=20_000)]}, fee_bps=D(100))) == [
        (1, "entry", "buy", 99.00990099)  # 10,000 / 101
    ]


def test_an_entry_of_less_than_a_lot_or_below_the_least_notional_is_refused() -> None:
    small = {0: [Signal.buy("A", size=50)]}
    assert play(calm(2), small, instruments={"A": {"lot": 1}}).refusals == [(0, "its size is below one lot of 1")]
    assert play(calm(2), small, instruments={"A": {"min_notional": 51}}).refusals == [
        (0, "its notional is below the least of 51 USD")
    ]
    market: Market = {"A": flat(100, 100, 100), "B": flat(1, 1, 1)}
    spent = play(market, {0: [OrderRequest("A", "buy", 100)], 1: [Signal.buy("B")]})
    assert spent.refusals == [(1, "what the book can spend does not cover one lot of 0.00000001")]


class Nonsense(Sizer):
    """Gives no quantity at all."""

    keeps = ()

    def size(self, request: SizingRequest) -> float:
        return float("nan")


def test_a_sizer_that_gives_nonsense_is_named_in_the_refusal() -> None:
    played = play(calm(2), {0: [BUY]}, parts=[("sizer", "nonsense", Nonsense)], sizer=Spec("nonsense"))
    assert played.refusals == [(0, "the sizer scripted/nonsense gave nan, which is no quantity")]


# Rules


class Answers(RiskRule):
    """Gives a verdict of a test's choice on every entry."""

    keeps = ()
    verdict: Any = None

    def check(self, entry: Mark) -> Verdict:
        if isinstance(self.verdict, Exception):
            raise self.verdict
        answer: Verdict = self.verdict
        return answer


def judged(verdict: Any, script: Script, batches: int = 3, **config: Any) -> Played:
    rule = type("Answering", (Answers,), {"verdict": verdict})
    return play(calm(batches), script, parts=[("risk-rule", "answers", rule)], risk=(Spec("answers"),), **config)


def test_a_rule_lets_an_entry_pass_shrinks_it_or_refuses_it() -> None:
    assert sides(judged(None, {0: [BUY]})) == [(1, "entry", "buy", 10)]
    assert sides(judged(D(4), {0: [BUY]})) == [(1, "entry", "buy", 4)]
    assert sides(judged(D(40), {0: [BUY]})) == [(1, "entry", "buy", 10)]
    assert judged("not today", {0: [BUY]}).refusals == [(0, "scripted/answers: not today")]


def test_a_request_that_a_rule_would_shrink_is_refused() -> None:
    request = OrderRequest("A", "buy", 10)
    assert judged(D(4), {0: [request]}).refusals == [(0, "a risk rule allows less than its quantity")]
    assert sides(judged(D(10), {0: [request]})) == [(1, "request", "buy", 10)]


def test_no_rule_stands_in_the_way_of_an_exit() -> None:
    class Late(Answers):
        """Refuses everything once something is held."""

        def check(self, entry: Mark) -> Verdict:
            return "no more" if entry.now > MINUTE else None

    script: Script = {0: [Signal.buy("A", stop_loss=50.0)], 1: [OrderRequest("A", "sell", 4)], 2: [CLOSE]}
    played = play(calm(4), script, parts=[("risk-rule", "late", Late)], risk=(Spec("late"),))
    assert sides(played)[1:] == [(2, "request", "sell", 4), (3, "exit", "sell", 6)]


def test_while_a_rule_fails_nothing_is_entered_and_nothing_either_once_it_is_quarantined() -> None:
    other = Signal.buy("A", confidence=0.5)
    played = judged(RuntimeError("broken"), {0: [BUY], 1: [other], 2: [BUY]}, batches=4, max_errors=2)
    assert played.fills == []
    assert [reason for _, reason in played.refusals] == [
        "the rule scripted/answers failed, so nothing is entered",
        "the rule scripted/answers is quarantined, so nothing is entered",
    ]


def test_a_verdict_that_is_none_is_refused() -> None:
    reasons = [judged(verdict, {0: [BUY]}).refusals[0][1] for verdict in (4.0, D(-1), D("NaN"))]
    assert reasons == [
        "the rule scripted/answers gave 4.0, which is neither a quantity nor a reason",
        "the rule scripted/answers gave Decimal('-1'), which is neither a quantity nor a reason",
        "the rule scripted/answers gave Decimal('NaN'), which is neither a quantity nor a reason",
    ]


def standing(action: Any, script: Script, batches: int = 6, since: int = 2, **config: Any) -> Played:
    """A session with a rule that stands from the close of batch `since` on."""
    stands = Standing(action, "enough", 0.25)

    class Stands(RiskRule):
        """Stands from a given close on."""

        keeps = ()

        def on_mark(self, now: int, equity: float, exposure: float) -> Standing | None:
            return stands if now >= (since + 1) * MINUTE else None

    return play(calm(batches), script, parts=[("risk-rule", "stands", Stands)], risk=(Spec("stands"),), **config)


def test_a_standing_flatten_closes_everything_whether_or_not_anyone_signals_and_blocks() -> None:
    limit = OrderRequest("A", "buy", 1, type="limit", price=50)
    played = standing("flatten", {0: [BUY], 1: [limit], 4: [BUY]})
    assert sides(played) == [(1, "entry", "buy", 10), (3, "exit", "sell", 10)]
    assert [(o.status, o.reason) for o in played.orders if o.role == "request"] == [("cancelled", "enough")]
    assert played.refusals == [(4, "enough")]


def test_a_flatten_closes_all_where_a_partial_exit_was_under_way() -> None:
    script: Script = {0: [BUY], 1: [Signal.target("A", quantity=8)]}
    played = standing("flatten", script, since=1, latency=MINUTE, batches=5)
    assert played.book().holdings == {}


def test_a_standing_block_refuses_entries_and_keeps_what_is_held() -> None:
    played = standing("block", {0: [BUY], 3: [CLOSE], 4: [BUY]})
    assert sides(played) == [(1, "entry", "buy", 10), (4, "exit", "sell", 10)]
    assert played.refusals == [(4, "enough")]


def test_a_standing_reduce_acts_once_and_blocks_nothing() -> None:
    played = standing("reduce", {0: [BUY], 4: [Signal.target("A", quantity=6)]})
    assert sides(played) == [(1, "entry", "buy", 10), (3, "exit", "sell", 7.5), (5, "entry", "buy", 3.5)]


def test_what_a_rule_does_is_in_the_ledger_once() -> None:
    events = standing("block", {0: [BUY]}).effects.plugin_events
    assert [(e.batch, e.plugin, e.kind, e.message) for e in events] == [
        (2, "scripted/stands", "block", "scripted: enough")
    ]


def test_a_standing_rule_that_arises_while_nothing_is_traded_acts_when_trading_begins() -> None:
    played = standing("reduce", {3: [BUY]}, since=0, warmed=2)
    assert [(e.batch, e.kind) for e in played.effects.plugin_events] == [(2, "reduce")]
    assert sides(played) == [(4, "entry", "buy", 10)]


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


class Raises(RiskRule):
    """A standing rule that fails at every mark."""

    keeps = ()

    def on_mark(self, now: int, equity: float, exposure: float) -> Standing | None:
        raise ValueError("no")


def test_a_standing_rule_that_fails_blocks_entries() -> None:
    played = play(
        {BTC: flat(100, 100, 100, 100)},
        {1: [Signal.buy(BTC)]},
        parts=[("risk-rule", "raises", Raises)],
        risk=(Spec("raises"),),
    )
    assert not played.fills
    assert played.refusals == [(1, "the rule scripted/raises failed, so nothing is entered")]


class Halves(RiskRule):
    """Reduces by half at the third mark."""

    keeps = ()

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.marks = 0

    def on_mark(self, now: int, equity: float, exposure: float) -> Standing | None:
        self.marks += 1
        return Standing("reduce", "half of it", 0.5) if self.marks == 3 else None


def test_a_close_takes_the_place_of_a_reduction_that_is_on_its_way_out() -> None:
    played = play(
        {BTC: flat(*[100] * 8)},
        {0: [Signal.buy(BTC)], 3: [Signal.close(BTC)]},
        parts=[("risk-rule", "halves", Halves)],
        risk=(Spec("halves"),),
        latency=MINUTE,
    )
    assert played.book().quantity(0) == 0
    assert sum(fill.quantity for fill in played.fills if fill.side == "sell") == 10
