"""Measured latency: what a call took delays its orders; it is measured once, and a fold takes the tape's word."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.hosted import SIM, checkpoints, kept, verified
from tests.engine.hosted import run as run_hosted
from tests.engine.scripted import MINUTE, Market, Rows, flat, scripted, started, step_on

from papertape import OrderRequest, Snapshot, Strategy, Wish
from papertape.engine.config import read_config
from papertape.engine.delays import LATENCY
from papertape.ledger.records import TapeRow

SLOW = """
import time
from papertape import Signal, Strategy

class Slow(Strategy):
    keeps = ()
    def on_snapshot(self, snapshot):
        if snapshot.batch % 7 == 0:
            time.sleep(0.002)
            side = Signal.buy if snapshot.batch % 14 else Signal.close
            yield side("BTC/USDT")
"""


class Waits(Strategy):
    """Buys after the first batch, when it has thought for a while."""

    keeps = ()

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
        if snapshot.batch == 0:
            import time

            time.sleep(0.004)
            yield OrderRequest("A", "buy", 1)


def tape_of(effects: Any) -> list[TapeRow]:
    return [row for row in effects.tape if row.kind == LATENCY]


def test_an_order_is_effective_as_much_later_as_the_call_took_in_ms_rounded_up() -> None:
    feed = Rows({"A": [(100.0,) * 4, (101.0, 103.0, 99.0, 102.0), (105.0,) * 4]})
    built = step_on(started(feed, {"waits": Waits}, latency="measured"), feed)
    effects = built.session.journal.drain()
    [entry] = tape_of(effects)
    said = json.loads(entry.payload)
    assert (entry.batch, entry.at, said["book"]) == (0, MINUTE, "waits")
    assert said["ms"] >= 5  # 4 ms and something, rounded up
    [order] = effects.orders
    assert order.effective == MINUTE + said["ms"]
    [fill] = effects.fills  # inside the next candle: at the worse of its open and close
    assert (fill.batch, fill.at, float(fill.price)) == (1, 2 * MINUTE, 102.0)


def test_a_fold_takes_the_recorded_delay_and_measures_nothing() -> None:
    feed = Rows({"A": flat(100, 101, 102, 103)})
    built = started(feed, {"waits": Waits}, latency="measured")
    assert built.session.delays is not None
    built.session.delays.recorded = {(0, "waits"): 61_000}
    effects = step_on(built, feed).session.journal.drain()
    assert tape_of(effects) == []
    assert effects.orders[0].effective == MINUTE + 61_000
    assert [(fill.batch, float(fill.price)) for fill in effects.fills] == [(2, 102.0)]


def test_a_constant_is_not_on_the_tape() -> None:
    feed = Rows({"A": flat(100, 101)})
    built = step_on(started(feed, {"waits": Waits}, latency=3), feed)
    assert tape_of(built.session.journal.drain()) == []


@pytest.fixture
def slow(tmp_path: Any) -> Iterator[Any]:
    file = tmp_path / "slow.py"
    file.write_text(SLOW)
    yield read_config({"feed": SIM, "strategies": [str(file)], "bars": 60, "latency": "measured"})


def test_a_session_whose_delays_were_measured_verifies(sqlite_url: str, slow: Any) -> None:
    run_hosted(sqlite_url, slow)
    delays = [json.loads(row.payload)["ms"] for row in kept(sqlite_url).tape if row.kind == LATENCY]
    assert delays and min(delays) >= 3
    assert [row.number for row in kept(sqlite_url).tape] == list(range(len(kept(sqlite_url).tape)))
    assert verified(sqlite_url).equal


def test_stopped_and_resumed_it_still_verifies(sqlite_url: str, slow: Any) -> None:
    run_hosted(sqlite_url, slow, until=20, every=5)
    run_hosted(sqlite_url)
    assert len(checkpoints(sqlite_url)) > 2
    assert verified(sqlite_url).equal


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0, 1, 250, MINUTE - 1, MINUTE, 3 * MINUTE + 7]),
    st.dictionaries(st.integers(0, 8), st.sampled_from(["market", "limit", "stop"]), min_size=1),
)
def test_nothing_fills_before_its_delay_is_over(delay: int, kinds: dict[int, Any]) -> None:
    prices: dict[str, dict[str, Any]] = {"market": {}, "limit": {"price": 101}, "stop": {"stop_price": 99}}
    script = {batch: [OrderRequest("A", "buy", 1, type=kind, **prices[kind])] for batch, kind in kinds.items()}
    market: Market = {"A": [(100.0, 102.0, 98.0, 100.0)] * 14}
    feed = Rows(market)
    built = step_on(started(feed, {"scripted": scripted(script)}, latency=delay), feed)
    effects = built.session.journal.drain()
    orders = {order.seq: order for order in effects.orders}
    for fill in effects.fills:
        order = orders[fill.order]
        assert order.effective == order.at + delay
        assert fill.at >= order.effective
        opened = fill.batch * MINUTE
        assert order.type == "market" or opened >= order.effective, "only a market order begins inside a candle"
