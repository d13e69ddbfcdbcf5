"""Stopping changes nothing: a session put back from a checkpoint goes on as if it had never stopped."""

import decimal
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.scripted import (
    Rows,
    Script,
    flat,
    installed,
    play_all,
    scripted,
    started,
    step_on,
    walk,
    without_models,
)
from tests.strategies import Case, cases

from papertape import Context, Fill, Signal, Snapshot, Strategy, Wish
from papertape.engine import checkpoint, codec
from papertape.engine.build import Built, build
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.events import apply
from papertape.ledger.records import Effects


def fresh(case: Case, feed: Rows) -> Built:
    strategies = {name: scripted(script) for name, script in case.scripts.items()}
    return started(feed, strategies, **case.config)


def put_back(built: Built, kept: bytes) -> Built:
    """What a resume does: the host's side, then the state of every component."""
    state = codec.decode(kept)
    built.session.journal.drain()
    checkpoint.restore(built, state)
    for part in built.parts:
        packed = state["parts"][part.name]
        assert packed is not None, "everything in these sessions keeps its state"
        part.component.state = codec.decode(packed)
    return built


def record(effects: Effects) -> list[list[Any]]:
    """All that goes to the ledger, the orders in their last state, without the text of tracebacks."""
    orders = {order.seq: order for order in effects.orders}
    events = [event._replace(traceback="") for event in effects.plugin_events]
    return [effects.signals, [orders[seq] for seq in sorted(orders)], effects.fills, events]


def joined(first: Effects, then: Effects) -> list[list[Any]]:
    whole = Effects(
        signals=first.signals + then.signals,
        orders=first.orders + then.orders,
        fills=first.fills + then.fills,
        plugin_events=first.plugin_events + then.plugin_events,
    )
    return record(whole)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.data())
def test_a_session_that_was_stopped_anywhere_does_what_it_would_have_done(case: Case, data: st.DataObject) -> None:
    feed = Rows(case.market, warmed=case.warmed)
    whole = step_on(fresh(case, feed), feed)
    cut = data.draw(st.integers(0, len(feed.batches)))
    head = step_on(fresh(case, feed), feed, last=cut)
    kept = checkpoint.save(head)
    before = head.session.journal.drain()
    tail = step_on(put_back(fresh(case, feed), kept), feed)
    assert tail.session.digest == whole.session.digest
    assert joined(before, tail.session.journal.drain()) == record(whole.session.journal.drain())
    assert checkpoint.save(tail) == checkpoint.save(whole)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.sampled_from(["pause", "flatten"]), st.integers(0, 8), st.integers(0, 8))
def test_the_operators_commands_are_part_of_what_is_put_back(case: Case, command: str, at: int, later: int) -> None:
    def go(stops: Iterable[int]) -> str:
        feed = Rows(case.market)
        built = fresh(case, feed)
        for batch in sorted({at, at + later, *stops}):
            step_on(built, feed, last=batch)
            if batch == at:
                apply(built.session, built.session.journal.now, {"command": command})
            if batch == at + later:
                apply(built.session, built.session.journal.now, {"command": "resume"})
            if batch in stops:
                built = put_back(fresh(case, feed), checkpoint.save(built))
        return step_on(built, feed).session.digest

    assert go([]) == go([at]) == go([at + later, at + later + 1])


@pytest.mark.parametrize("cut", [0, 1, 77, 149])
def test_every_strategy_shipped_goes_on_from_its_state(cut: int) -> None:
    feed = Rows({"A/USD": walk(1, 150), "B/USD": walk(2, 150, holes=0.1)})
    names = tuple(Spec(name) for name in without_models())

    def all_of_them() -> Built:
        config = SessionConfig(strategies=names, fusion=(Spec("weighted-vote", {"threshold": 0.2}),))
        built = build(config, installed(), feed)
        built.session.start(built.contexts)
        return built

    whole = step_on(all_of_them(), feed)
    assert whole.session.journal.collected.fills
    kept = checkpoint.save(step_on(all_of_them(), feed, last=cut))
    assert step_on(put_back(all_of_them(), kept), feed).session.digest == whole.session.digest


# Guests


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_a_plugin_that_calculates_with_three_digits_changes_nothing(case: Case) -> None:
    feed = Rows(case.market, warmed=case.warmed)
    honest = step_on(fresh(case, feed), feed)
    with decimal.localcontext() as context:
        context.prec, context.rounding, context.Emax, context.Emin = 3, decimal.ROUND_UP, 3, -3
        coarse = step_on(fresh(case, feed), feed)
        assert coarse.session.digest == honest.session.digest
    assert record(coarse.session.journal.drain()) == record(honest.session.journal.drain())


def failing() -> type[Strategy]:
    """A strategy that goes long and flat in turn, and fails in every hook now and then."""

    class Failing(Strategy):
        """Fails in every hook."""

        keeps = ("calls",)

        def __init__(self, **params: object) -> None:
            super().__init__(**params)
            self.calls = 0

        def on_start(self, context: Context) -> None:
            raise RuntimeError("not ready")

        def on_fill(self, fill: Fill) -> None:
            raise RuntimeError("no fills, please")

        def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
            self.calls += 1
            yield Signal.buy("A") if self.calls % 4 else Signal.close("A")
            if self.calls % 3 == 0:
                raise RuntimeError("every third time")

    return Failing


def test_a_strategy_that_fails_now_and_then_is_the_same_every_time_and_troubles_no_other() -> None:
    market = {"A": flat(*range(100, 130))}
    other: Script = {0: [Signal.buy("A")], 20: [Signal.close("A")]}
    alone = play_all(market, {"other": scripted(other)})
    both = [play_all(market, {"failing": failing(), "other": scripted(other)}, max_errors=50) for _ in range(2)]
    assert both[0].built.session.digest == both[1].built.session.digest
    assert [f[2:] for f in both[0].fills if f.book == "other"] == [f[2:] for f in alone.fills]
    kinds = {event.message for event in both[0].effects.plugin_events}
    assert kinds == {
        "RuntimeError: not ready",
        "RuntimeError: no fills, please",
        "RuntimeError: every third time",
    }


def test_a_quarantined_strategy_keeps_its_protection_and_loses_its_entries() -> None:
    market = {"A": [*flat(100, 100, 100, 100), (100.0, 100.0, 90.0, 95.0)]}
    script: Script = {0: [Signal.buy("A", stop_loss=92.0)], 1: [ValueError("one")], 2: [ValueError("two")]}
    played = play_all(market, {"scripted": scripted(script)}, max_errors=2)
    assert [event.kind for event in played.effects.plugin_events] == ["error", "error", "quarantined"]
    assert played.traded[1:] == [(4, "stop-loss", "sell", 10.0, 92.0)]
