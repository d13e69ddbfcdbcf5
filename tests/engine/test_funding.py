"""Funding: booked exactly, once, on the size held at its own time, whenever its record arrives."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.scripted import MINUTE, Market, Played, Rows, Script, flat, play, play_all, scripted, started, step_on

from papertape import OrderRequest
from papertape.contract.errors import ConfigError
from papertape.engine import checkpoint, codec
from papertape.engine.events import carry_out
from papertape.reports.round_trips import round_trips

D = Decimal
RULES: dict[str, Any] = {"kind": "perpetual", "leverage": 10}
HOUR = 60 * MINUTE


def record(ts: int, rate: str = "0.001", mark: str | None = "100") -> Mapping[str, Any]:
    return {"funding": "A", "ts": ts, "rate": rate, "mark": mark}


def order(side: Any, quantity: int = 10) -> OrderRequest:
    return OrderRequest("A", side, quantity)


def funded(script: Script, events: Mapping[int, Any], count: int = 6, price: float = 100.0, **rules: Any) -> Played:
    """A session of `count` still candles on a cash of 10,000; batch k closes at minute k + 1."""
    market: Market = {"A": flat(*[price] * count)}
    return play(market, script, cash=D(10_000), instruments={"A": {**RULES, **rules}}, events=events)


def paid(played: Played) -> list[tuple[int, Decimal, Decimal]]:
    """(batch, size, amount) of every payment."""
    return [(row.batch, row.quantity, row.amount) for row in played.effects.funding]


def test_a_long_pays_a_positive_rate_and_a_short_gets_it() -> None:
    long = funded({0: [order("buy")]}, {3: [record(3 * MINUTE)]})
    assert paid(long) == [(2, D(10), D(-1))]
    assert (long.book().cash, long.effects.funding[0].cash) == (D(8_999), D(8_999))
    assert paid(funded({0: [order("sell")]}, {3: [record(3 * MINUTE)]})) == [(2, D(-10), D(1))]
    assert paid(funded({0: [order("buy")]}, {3: [record(3 * MINUTE, "-0.001")]})) == [(2, D(10), D(1))]


def test_who_holds_nothing_pays_nothing() -> None:
    assert paid(funded({}, {3: [record(3 * MINUTE)]})) == []
    assert paid(funded({0: [order("buy")], 1: [order("sell")]}, {3: [record(3 * MINUTE)]})) == []


def test_it_is_the_mark_that_counts_and_without_one_the_last_close() -> None:
    assert paid(funded({0: [order("buy")]}, {3: [record(3 * MINUTE, mark="123.45")]}))[0][2] == D("-1.2345")
    assert paid(funded({0: [order("buy")]}, {3: [record(3 * MINUTE, mark=None)]}, price=80.0))[0][2] == D("-0.8")


def test_the_amount_is_rounded_half_even_to_the_scale_of_the_books() -> None:
    played = funded({0: [order("buy", 1)]}, {3: [record(3 * MINUTE, "0.0000000125", "1.2")]})
    assert [row.amount for row in played.effects.funding] == [D("-0.00000002")]  # of 0.000000015: to the even digit
    played = funded({0: [order("buy", 1)]}, {3: [record(3 * MINUTE, "0.000000025", "1")]})
    assert [row.amount for row in played.effects.funding] == [D("-0.00000002")]


@pytest.mark.parametrize("before", [1, 2, 3, 4, 5])
def test_the_size_is_the_one_at_its_own_time_whenever_the_record_arrives(before: int) -> None:
    # Bought at minute 1, doubled at minute 2, sold at minute 3. After the candle that closes at minute 3 it holds 20.
    script: Script = {0: [order("buy")], 1: [order("buy")], 2: [order("sell", 20)]}
    [(_, size, amount)] = paid(funded(script, {before: [record(3 * MINUTE)]}))
    assert (size, amount) == (D(20), D(-2))


def test_what_a_candle_does_that_has_not_closed_by_then_is_later() -> None:
    # The candle from minute 3 to 4 sells at its open; a stamp that lags by a few ms does not make that earlier.
    script: Script = {0: [order("buy")], 2: [order("sell")]}
    assert paid(funded(script, {3: [record(3 * MINUTE + 5)]})) == [(2, D(10), D(-1))]
    assert paid(funded(script, {5: [record(3 * MINUTE + 5)]})) == [(4, D(10), D(-1))]


def test_a_record_that_comes_again_is_booked_once_and_noted() -> None:
    events = {3: [record(3 * MINUTE)], 4: [record(3 * MINUTE), record(3 * MINUTE + 7)]}
    played = funded({0: [order("buy")]}, events)
    assert len(played.effects.funding) == 1
    said = [(event.plugin, event.kind, event.message) for event in played.effects.plugin_events]
    assert said[0] == ("funding", "ignored", "A: the funding of 180000 came again; it is booked once")
    assert len(said) == 2


def test_a_record_that_comes_more_than_a_day_late_is_noted_and_not_booked() -> None:
    feed = Rows({"A": flat(*[100.0] * 26)}, "1h", events={25: [record(HOUR - 1), record(HOUR + 1)]})
    built = step_on(started(feed, {"scripted": scripted({0: [order("buy")]})}, instruments={"A": RULES}), feed)
    effects = built.session.journal.drain()
    assert [event.message for event in effects.plugin_events] == [
        "A: the funding of 3599999 came more than a day late; it is not booked"
    ]
    assert effects.funding == []  # at an hour and a millisecond nothing was held yet


def test_an_isolated_position_pays_from_its_own_margin() -> None:
    played = funded({0: [order("buy")]}, {3: [record(3 * MINUTE)]}, isolated=True)
    assert played.book().holdings[0].margin == 99
    assert played.book().free() == 9_900


def test_funding_alone_can_liquidate_an_isolated_position() -> None:
    # 100 of margin less 96 is less than the maintenance of 5.
    played = funded({0: [order("buy")]}, {3: [record(3 * MINUTE, "0.096")]}, isolated=True)
    assert [(fill.batch, fill.role) for fill in played.fills] == [(1, "request"), (3, "liquidation")]
    assert played.book().cash == 10_000 - 96


def test_the_profit_of_a_round_trip_holds_what_was_paid_while_it_was_open() -> None:
    script: Script = {0: [order("buy")], 3: [order("sell")]}
    played = funded(script, {2: [record(2 * MINUTE)], 3: [record(3 * MINUTE + 60_000, "-0.003")], 5: []})
    [trip] = round_trips(played.fills, played.effects.funding)
    assert (trip.profit, trip.funding) == (D(2), D(2))
    assert played.book().cash == 10_002
    assert played.built.session.seats[0].desk.trips == [0.002]


def test_what_arrives_after_the_trip_is_closed_is_in_the_cash_and_in_no_trip() -> None:
    played = funded({0: [order("buy")], 2: [order("sell")]}, {5: [record(3 * MINUTE)]})
    assert [trip.funding for trip in round_trips(played.fills, played.effects.funding)] == [0]
    assert played.book().cash == 9_999
    assert played.book().equity == 9_999.0


def test_it_is_in_the_equity_curve_from_the_next_mark_on() -> None:
    played = funded({0: [order("buy")]}, {3: [record(3 * MINUTE)]})
    assert list(played.built.session.curves[0][0]) == [10_000.0] * 3 + [9_999.0] * 3


def test_it_is_in_the_digest() -> None:
    same = [funded({0: [order("buy")]}, {3: [record(3 * MINUTE, rate)]}) for rate in ("0.001", "0.001", "0.002")]
    digests = [played.built.session.digest for played in same]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"funding": "B", "ts": 0, "rate": "0"}, "funding of 'B', which is no perpetual of this session; it has A"),
        ({"funding": "A", "ts": "0", "rate": "0"}, "ts is a time in ms UTC, was '0'"),
        ({"funding": "A", "ts": 0, "rate": "1.5"}, "rate is a fraction of notional between -1 and 1, was 1.5"),
        ({"funding": "A", "ts": 0, "rate": "NaN"}, "rate must be a number of 20 digits at most, was 'NaN'"),
        ({"funding": "A", "ts": 0, "rate": None}, "rate must be a number of 20 digits at most, was None"),
        ({"funding": "A", "ts": 0, "rate": "0", "mark": "-1"}, "mark must be above 0, was -1"),
    ],
)
def test_what_is_no_record_is_refused(event: dict[str, Any], message: str) -> None:
    built = started(Rows({"A": flat(1)}), {"scripted": scripted({})}, instruments={"A": RULES})
    with pytest.raises(ConfigError, match=message):
        carry_out(built.session, [event])


orders = st.builds(order, st.sampled_from(["buy", "sell"]), st.integers(1, 30))
rates = st.decimals(D("-0.01"), D("0.01"), places=8).map(str)
marks = st.none() | st.decimals(50, 150, places=4).map(str)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Script, dict[int, list[Mapping[str, Any]]]]:
    """Orders, and a record for any of ten minutes that arrives before any batch."""
    script = draw(st.dictionaries(st.integers(0, 9), st.lists(orders, min_size=1, max_size=2), max_size=8))
    events: dict[int, list[Mapping[str, Any]]] = {}
    for minute in draw(st.lists(st.integers(1, 10), unique=True, max_size=6)):
        at = draw(st.integers(0, 11))
        events.setdefault(at, []).append(record(minute * MINUTE + draw(st.integers(0, 9)), draw(rates), draw(marks)))
    return script, events


@settings(max_examples=100, deadline=None)
@given(histories())
def test_a_long_and_an_equal_short_book_pay_each_other(history: Any) -> None:
    script, events = history
    turned = {
        batch: [OrderRequest("A", "sell" if wish.side == "buy" else "buy", wish.quantity) for wish in wishes]
        for batch, wishes in script.items()
    }
    strategies = {"one": scripted(script), "other": scripted(turned)}
    rules = {"A": {**RULES, "maintenance": "0"}}
    played = play_all({"A": flat(*[100.0] * 12)}, strategies, events=events, cash=D(10**6), instruments=rules)
    assert sum(row.amount for row in played.effects.funding) == 0
    assert played.book("one").cash + played.book("other").cash == 2 * 10**6
    for row in played.effects.funding:
        exact = -D(row.rate) * row.mark * row.quantity
        assert abs(row.amount - exact) <= D("0.000000005")
        assert row.amount == row.amount.quantize(D("0.00000001"))


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 12), st.booleans())
def test_restored_in_the_middle_it_does_the_same(history: Any, cut: int, isolated: bool) -> None:
    script, events = history

    def fresh() -> tuple[Any, Rows]:
        feed = Rows({"A": flat(*[100.0, 101.0] * 6)}, events=events)
        rules = {"A": {**RULES, "isolated": isolated}}
        return started(feed, {"scripted": scripted(script)}, cash=D(10_000), instruments=rules), feed

    whole, feed = fresh()
    step_on(whole, feed)
    head, _ = fresh()
    step_on(head, feed, last=cut)
    tail, _ = fresh()
    checkpoint.restore(tail, codec.decode(checkpoint.save(head)))
    step_on(tail, feed)
    assert tail.session.digest == whole.session.digest
    assert tail.session.books[0].holdings == whole.session.books[0].holdings
    assert tail.session.funding.state == whole.session.funding.state
