"""Mark candles: where a feed brings them, liquidation goes by them and not by trades."""

from decimal import Decimal
from typing import Any

import pytest
from tests.engine.scripted import MINUTE, Bar, Events, Market, Played, Rows, play, scripted, started, step_on

from papertape import OrderRequest
from papertape.contract.errors import ConfigError
from papertape.engine import checkpoint, codec
from papertape.engine.events import carry_out

D = Decimal
CALM = (100.0, 100.0, 100.0, 100.0)
RULES: dict[str, Any] = {"kind": "perpetual", "isolated": True, "leverage": 10, "maintenance": "0.05"}
BUY = OrderRequest("A", "buy", 40)  # falls at 94.7368...


def mark(batch: int, opened: float, high: float, low: float, close: float) -> Events:
    prices = {"open": opened, "high": high, "low": low, "close": close}
    return {batch: [{"mark": "A", "ts": batch * MINUTE, **{name: str(price) for name, price in prices.items()}}]}


def marked(bar: Bar, events: Events, side: Any = "buy") -> Played:
    market: Market = {"A": [CALM, CALM, bar]}
    order = OrderRequest("A", side, 40)
    return play(market, {0: [order]}, cash=D(1_000), instruments={"A": RULES}, events=events)


def liquidations(played: Played) -> list[float]:
    return [round(price, 2) for _, role, _, _, price in played.traded if role == "liquidation"]


def test_a_wick_of_trades_that_the_mark_does_not_follow_liquidates_nothing() -> None:
    wick = (100.0, 100.0, 80.0, 99.0)
    assert liquidations(marked(wick, {})) == [94.74]
    assert liquidations(marked(wick, mark(2, 100, 100, 98, 99))) == []


def test_a_mark_that_falls_liquidates_where_trades_are_nearest_to_it() -> None:
    assert liquidations(marked((100.0, 100.0, 90.0, 99.0), mark(2, 100, 100, 94, 99))) == [94.74]
    assert liquidations(marked((100.0, 100.0, 97.0, 99.0), mark(2, 100, 100, 94, 99))) == [97.0]
    assert liquidations(marked((100.0, 103.0, 99.0, 99.0), mark(2, 100, 106, 99, 99), "sell")) == [103.0]


def test_a_mark_that_opens_beyond_it_liquidates_at_the_open_of_trades() -> None:
    assert liquidations(marked((99.0, 99.0, 97.0, 98.0), mark(2, 94, 95, 94, 95))) == [99.0]


def test_at_the_close_the_marks_value_what_stands_together() -> None:
    cross = {**RULES, "isolated": False}
    market: Market = {"A": [CALM, CALM, (100.0, 100.0, 95.0, 99.0)], "B": [CALM, CALM, (100.0, 100.0, 95.0, 99.0)]}
    events = {
        2: [{"mark": name, "ts": 2 * MINUTE, "open": 100, "high": 100, "low": 92, "close": 92} for name in ("A", "B")]
    }
    script = {0: [BUY, OrderRequest("B", "buy", 40)]}
    config: dict[str, Any] = {"cash": D(1_000), "instruments": {"A": cross, "B": cross}}
    assert liquidations(play(market, script, **config)) == []
    assert liquidations(play(market, script, events=events, **config)) == [99.0, 99.0]


def test_a_mark_of_one_batch_is_none_of_the_next() -> None:
    market: Market = {"A": [CALM, CALM, CALM, (100.0, 100.0, 90.0, 99.0)]}
    events = mark(2, 100, 100, 99, 100)
    assert liquidations(play(market, {0: [BUY]}, cash=D(1_000), instruments={"A": RULES}, events=events)) == [94.74]


def test_marks_survive_a_checkpoint() -> None:
    market: Market = {"A": [CALM] * 4}
    feed = Rows(market, events={**mark(1, 100, 101, 99, 100), **mark(2, 100, 102, 99, 101)})
    head, tail = (started(feed, {"scripted": scripted({0: [BUY]})}, instruments={"A": RULES}) for _ in range(2))
    step_on(head, feed, last=3)
    checkpoint.restore(tail, codec.decode(checkpoint.save(head)))
    assert tail.session.exchange.marks.rows == head.session.exchange.marks.rows != {}


@pytest.mark.parametrize("change", [{"mark": "B"}, {"ts": None}, {"low": "101"}, {"high": "x"}, {"close": None}])
def test_what_is_no_mark_candle_is_refused(change: dict[str, Any]) -> None:
    built = started(Rows({"A": [CALM]}), {"scripted": scripted({})}, instruments={"A": RULES})
    [event] = mark(0, 100, 100, 99, 99)[0]
    with pytest.raises(ConfigError, match="it needs a perpetual of this session, its open time in ms UTC"):
        carry_out(built.session, [{**event, **change}])
