"""A long time in a short one: a live session over many market hours, with an exchange that cuts every one of them.

A loopback exchange in a process of its own, 60 times as fast as the clock; once an hour it closes every websocket, and
once an hour it resets all connections. The host trades several symbols with rule strategies. Once an hour its memory,
its open files, its threads and tasks and the size of the ledger's write-ahead log are looked at: what grows with time
would end a session of weeks. At the end every candle is compared with the exchange's own, and the session is verified.

    python benchmarks/soak.py --hours 24 --speed 60
"""

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from table import table

from papertape.engine.config import SessionConfig, read_config
from papertape.engine.discovery import load_plugins
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.engine.verify import verify
from papertape.feeds.exchange.clock import FastClock, run_on
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger

BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
HOUR = 3_600_000
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")
STRATEGIES = ("ema-cross", "macd", "donchian-breakout", "rsi-reversion", "bollinger-reversion")


def truth_of(hours: int) -> Any:
    """The market of the exchange."""
    from tests.loopback.sources import walk

    return walk(SYMBOLS, BEGAN, hours * 60 + 120, history=600, seed=24)


def exchange(hours: int, speed: float, pipe: Any) -> None:
    """The exchange's process: it tells how to reach it, and serves until it is ended."""
    from tests.loopback.faults import Fault
    from tests.loopback.server import Loopback

    began = [BEGAN + hour * HOUR for hour in range(hours + 1)]
    cuts = [Fault("closed", time + 1_234_000, time + 1_235_000, where="stream") for time in began]
    resets = [Fault("reset", time + 2_345_000, time + 2_350_000) for time in began]

    async def serve() -> None:
        async with Loopback(truth_of(hours), FastClock(BEGAN, speed), "binance", (*cuts, *resets)) as served:
            pipe.send(served.ccxt_options())
            await asyncio.Event().wait()

    asyncio.run(serve())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--speed", type=float, default=60.0, help="market seconds per second")
    asked = parser.parse_args()
    here, there = multiprocessing.Pipe()
    serving = multiprocessing.Process(target=exchange, args=(asked.hours, asked.speed, there), daemon=True)
    serving.start()
    run_on(FastClock(BEGAN, asked.speed))
    with tempfile.TemporaryDirectory() as folder:
        samples = soak(Path(folder), here.recv(), asked.hours)
        serving.terminate()
        print(table(["market hour", "RSS MiB", "open files", "threads", "objects", "WAL KiB", "ledger MiB"], samples))
        check(Path(folder), asked.hours)


def soak(folder: Path, ccxt: Mapping[str, Any], hours: int) -> list[list[str]]:
    """Runs the session; a sample for each hour."""
    feed = {"kind": "exchange", "exchange": "binance", "symbols": list(SYMBOLS), "timeframe": "1m", "grace": 20}
    document = {"feed": feed | {"ccxt": ccxt}, "strategies": list(STRATEGIES), "fusion": ["weighted-vote"]}
    config = read_config(document | {"bars": hours * 60}, SessionConfig())
    samples: list[list[str]] = []

    def look(done: int) -> None:
        if done > 0 and done % 60 == 0:
            samples.append(sample(done // 60, folder))
            print("  ".join(samples[-1]), flush=True)

    with Ledger.open(f"sqlite:///{folder}/ledger.db", create=True) as ledger:
        started = start(ledger, "soak", config, load_plugins(), 0)
        with started.writer as writer, closing(started.feed):
            runner = Runner(config, started.built, started.feed, ledger, writer)
            runner.progress = look
            runner.run()
    return samples


def sample(hour: int, folder: Path) -> list[str]:
    """What the process holds now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(os.listdir("/proc/self/fd"))
    wal = folder / "ledger.db-wal"
    sizes = [wal.stat().st_size / 1024 if wal.exists() else 0.0, (folder / "ledger.db").stat().st_size / 2**20]
    figures = [
        pages * os.sysconf("SC_PAGESIZE") / 2**20,
        files,
        threading.active_count(),
        len(gc.get_objects()),
        *sizes,
    ]
    return [str(hour), *(f"{figure:,.0f}" for figure in figures)]


def check(folder: Path, hours: int) -> None:
    """Every candle against the exchange's own, and the session against its tape."""
    truth = truth_of(hours)
    with Ledger.open(f"sqlite:///{folder}/ledger.db") as ledger:
        row = ledger.find("soak")
        found = [candle for entry in ledger.rows("soak", TapeRow, of_kinds=("batch", "feed")) for candle in on(entry)]
        doubled = len(found) - len({(symbol, candle[0]) for symbol, candle in found})
        wrong = sum(not same(truth, symbol, candle) for symbol, candle in found)
        spans = {candle[0] for _, candle in found}
        expected = len(SYMBOLS) * ((max(spans) - min(spans)) // 60_000 + 1)
        print(f"{len(found):,} candles on the tape of {expected:,}: {doubled} twice, {wrong} not the exchange's")
        began = time.perf_counter()
        verified = verify(ledger, row, load_plugins(), lambda done: None)
        outcome = "equal" if verified.equal else verified.difference
        print(f"verify: {outcome}, {verified.batches:,} batches in {time.perf_counter() - began:.1f} s")


def on(entry: TapeRow) -> list[tuple[str, list[Any]]]:
    """The candles of a tape entry."""
    document = json.loads(entry.payload)
    if entry.kind == "batch":
        return list(document["rows"].items())
    return [(document["symbol"], document["row"])] if document["feed"] == "late" else []


def same(truth: Any, symbol: str, candle: list[Any]) -> bool:
    """Whether the candle is what the exchange had."""
    market, ts = truth.markets[symbol], candle[0]
    true = truth.candle(symbol, "1m", ts, ts + 60_000)
    prices = [float(price * market.tick) for price in (true.open, true.high, true.low, true.close)]
    return candle[1:5] == prices


if __name__ == "__main__":
    main()
