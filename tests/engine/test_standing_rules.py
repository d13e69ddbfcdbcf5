"""Rules that stand: what they do to a book from the mark on at which they arise."""

from typing import Any

from tests.engine.scripted import MINUTE, Played, Script, flat, play
from tests.engine.sides import BUY, CLOSE, calm, sides

from papertape import OrderRequest, RiskRule, Signal, Standing
from papertape.engine.config import Spec

BTC = "BTC/USDT"


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
