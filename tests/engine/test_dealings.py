"""How much an entry trades: what the sizer gives, the book can pay, and the rules leave of it."""

from decimal import Decimal
from typing import Any

from tests.engine.scripted import MINUTE, Market, Played, Script, flat, play
from tests.engine.sides import BUY, CLOSE, calm, sides

from papertape import Mark, OrderRequest, RiskRule, Signal, Sizer, SizingRequest, Verdict
from papertape.engine.config import Spec

D = Decimal


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
