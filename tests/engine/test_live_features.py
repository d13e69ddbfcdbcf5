"""A live session's features: warmed up on the exchange's own candles of each timeframe, equal to those of history."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.engine.hosted import NAME, kept, plugins, verified
from tests.loopback.clock import PatientClock
from tests.loopback.server import LoopbackThread
from tests.loopback.sources import walk
from tests.loopback.truth import Truth

from papertape.contract.candle import Floats
from papertape.engine.config import SessionConfig, read_config
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.features.catalogue import Catalogue
from papertape.features.families import own_families
from papertape.features.plan import plan
from papertape.features.stream import Stream
from papertape.feeds.exchange.clock import Clock, run_on
from papertape.ledger.store import Ledger

MINUTE = 60_000
BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
SYMBOLS = ["BTC/USDT", "ETH/USDT"]
STRATEGY = """
from papertape import Signal, Strategy

class Says(Strategy):
    keeps = ()

    def features(self):
        return ["rsi_2", "bb_width_20_2@5m"]

    def lookback(self):
        return 1

    def on_snapshot(self, snapshot):
        for symbol in snapshot.fresh:
            side = Signal.buy if snapshot.batch % 2 else Signal.close
            yield side(symbol, metadata={"values": snapshot.features(symbol).values.tolist()})
"""


@dataclass
class Market:
    truth: Truth
    config: SessionConfig


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    clock = PatientClock(BEGAN, 600.0)
    run_on(clock)
    strategy = tmp_path / "says.py"
    strategy.write_text(STRATEGY, "utf-8")
    try:
        truth = walk(SYMBOLS, BEGAN, 30, history=600, seed=1)
        with LoopbackThread(truth, clock) as exchange:
            feed = {"kind": "exchange", "exchange": "binance", "symbols": SYMBOLS, "timeframe": "1m", "grace": 600}
            feed |= {"decide_within": 3600, "ccxt": exchange.ccxt_options()}
            yield Market(truth, read_config({"feed": feed, "strategies": [str(strategy)], "bars": 6}, SessionConfig()))
    finally:
        run_on(Clock())


def columns(truth: Truth, symbol: str, timeframe: str, span: int, until: int) -> Floats:
    """The final candles (6, n) that close by `until`, ms UTC."""
    first = -(-truth.began // span) * span
    candles = [truth.candle(symbol, timeframe, ts, truth.ended) for ts in range(first, until - span + 1, span)]
    tick = float(truth.markets[symbol].tick)
    rows = [
        (candle.time, *(price * tick for price in (candle.open, candle.high, candle.low, candle.close)), 1.0)
        for candle in candles
    ]
    return np.array(rows, np.float64).T.copy()


def last(name: str, candles: Floats, span: int) -> float:
    layout = plan(Catalogue(own_families()).select([name]), ["A/B"])
    return float(Stream(layout, span).run([candles])[-1, 0, layout.columns[0]])


def test_values_are_there_from_the_first_candle_on_and_are_those_of_history(market: Market, sqlite_url: str) -> None:
    with Ledger.open(sqlite_url, create=True) as ledger:
        started = start(ledger, NAME, market.config, plugins(), 0)
        with started.writer:
            Runner(market.config, started.built, started.feed, ledger, started.writer).run()
        started.feed.close()
    session = kept(sqlite_url)
    header = json.loads(session.tape[0].payload)
    history = [row for row in session.tape if '"history"' in row.payload]
    assert header["warmed"] < 100 and len(history) == 2, "five-minute candles came as such, not as minutes"
    traded = [signal for signal in session.signals if signal.batch >= header["warmed"]]
    assert len(traded) >= 10
    for signal in traded:
        minute, five = json.loads(signal.metadata)["values"]
        assert minute == pytest.approx(
            last("rsi_2", columns(market.truth, signal.symbol, "1m", MINUTE, signal.at), MINUTE)
        )
        wide = columns(market.truth, signal.symbol, "5m", 5 * MINUTE, signal.at)
        assert five == pytest.approx(last("bb_width_20_2", wide, 5 * MINUTE), rel=1e-9)
    assert verified(sqlite_url).equal
