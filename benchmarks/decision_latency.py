"""From a closed candle to an order: how long the host takes when a live market's candles have closed.

A loopback exchange in a process of its own sends the candles of 20 symbols over the real ccxt client; five rule
strategies trade them, with a drawdown rule, the tape and the ledger (SQLite, every commit synced to the disk). Measured
in the host, for each batch, from the moment that ccxt hands over the last symbol's closed candle: until the batch is
assembled, until it is durable on the tape, until all strategies have decided and their orders are made, and until those
are durable in the ledger.

    python benchmarks/decision_latency.py --batches 120
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from table import table

from papertape.engine.config import SessionConfig, read_config
from papertape.engine.discovery import load_plugins
from papertape.engine.keeper import Keeper
from papertape.engine.runner import Runner
from papertape.engine.session import Session
from papertape.engine.start import start
from papertape.feeds.exchange.assembly import Assembly
from papertape.feeds.exchange.clock import FastClock, run_on
from papertape.ledger.store import Ledger

ROOT = Path(__file__).parents[1]
BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
STRATEGIES = ("ema-cross", "macd", "donchian-breakout", "rsi-reversion", "bollinger-reversion")
STAGES = ("assembled", "on the tape", "decided", "durable")


class Marks:
    """When each stage of a batch was over, by the number of its close, in nanoseconds of the machine."""

    def __init__(self) -> None:
        self.at: dict[int, dict[str, int]] = defaultdict(dict)

    def watch(self) -> None:
        """Has the stages of the host note their times."""
        self._after(Assembly, "stream", lambda assembly, _: assembly.done + assembly.period, "closed")
        self._after(Assembly, "batches", lambda assembly, block: block and block.times[-1], "assembled")
        self._after(Keeper, "commit_tape", lambda keeper, _: keeper.newest, "on the tape")
        self._after(Session, "run", lambda session, _: session.journal.now, "decided")
        self._after(Keeper, "commit", lambda keeper, _: keeper.built.session.journal.now, "durable")

    def _after(self, cls: type[Any], name: str, batch: Callable[[Any, Any], int | None], stage: str) -> None:
        method, at = getattr(cls, name), self.at

        def timed(self: Any, *args: Any) -> Any:
            if name == "commit_tape":
                self.newest = self.tape[-1].at
            found = method(self, *args)
            close = batch(self, found)
            if close is not None and (stage == "closed" or stage not in at[close]):
                at[close][stage] = time.perf_counter_ns()
            return found

        setattr(cls, name, timed)

    def milliseconds(self) -> dict[str, list[float]]:
        """By stage, the time since the last candle had come, of batches that came whole over the stream."""
        found: dict[str, list[float]] = defaultdict(list)
        for stages in self.at.values():
            if all(stage in stages for stage in ("closed", *STAGES)):
                for stage in STAGES:
                    found[stage].append((stages[stage] - stages["closed"]) / 1e6)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=int, default=20)
    parser.add_argument("--batches", type=int, default=120)
    parser.add_argument("--speed", type=float, default=60.0, help="market seconds per second")
    asked = parser.parse_args()
    symbols = [f"C{number:02d}/USDT" for number in range(asked.symbols)]
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / "port"
        options = ["--symbols", ",".join(symbols), "--speed", str(asked.speed), "--began", str(BEGAN), "--quiet", "0"]
        options += ["--count", str(asked.batches + 60), "--history", "600", "--port-file", str(port)]
        exchange = subprocess.Popen([sys.executable, "-m", "tests.loopback", *options], cwd=ROOT)
        try:
            while not port.exists():
                time.sleep(0.05)
            found = json.loads(port.read_text())
            run_on(FastClock(BEGAN, asked.speed))
            marks, orders, batches = follow(folder, symbols, found["ccxt"], asked.batches)
            urllib.request.urlopen(f"http://{found['host']}/control/clock").read()
        finally:
            exchange.terminate()
            exchange.wait()
    spans = marks.milliseconds()
    print(f"{batches} batches of {asked.symbols} symbols, {len(STRATEGIES)} strategies, {orders:,} orders")
    rows = [[stage, *(f"{np.percentile(spans[stage], q):.2f}" for q in (50, 90, 99, 100))] for stage in STAGES]
    print(table(["ms after the last closed candle", "p50", "p90", "p99", "max"], rows))
    print(f"over the {len(spans['durable'])} batches whose candles all came over the stream; {os.cpu_count()} cores")


def follow(folder: str, symbols: list[str], ccxt: dict[str, Any], batches: int) -> tuple[Marks, int, int]:
    """Runs the session; what was measured, how many orders there were, and how many batches."""
    feed = {"kind": "exchange", "exchange": "binance", "symbols": symbols, "timeframe": "1m", "ccxt": ccxt}
    document = {"feed": feed, "strategies": list(STRATEGIES), "risk": ["max-drawdown:limit=0.5"], "bars": batches}
    config = read_config(document, SessionConfig())
    with Ledger.open(f"sqlite:///{folder}/ledger.db", create=True) as ledger:
        started = start(ledger, "latency", config, load_plugins(), 0)
        marks = Marks()
        marks.watch()
        with started.writer as writer:
            runner = Runner(config, started.built, started.feed, ledger, writer)
            runner.run()
            started.feed.close()
        row = ledger.find("latency")
        with ledger.database.read() as connection:
            (orders,) = connection.exec_driver_sql("select count(*) from orders where status != 'refused'").one()
        return marks, orders, row.snapshots


if __name__ == "__main__":
    main()
