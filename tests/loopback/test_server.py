"""The loopback exchange in a thread and in a process of its own, and its clock from afar."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import ccxt.pro
from tests.loopback.clients import client
from tests.loopback.clock import COUNTED, PatientClock, StoppableClock
from tests.loopback.faults import schedule
from tests.loopback.server import Loopback, LoopbackThread
from tests.loopback.sources import walk

BEGAN = 1_700_000_040_000
MINUTE = 60_000
ROOT = Path(__file__).parents[2]


def told(host: str, order: str) -> dict[str, Any]:
    with urlopen(f"http://{host}/control/{order}", timeout=60) as answer:
        answered: dict[str, Any] = json.load(answer)
        return answered


@contextmanager
def process(folder: Path, *options: str) -> Iterator[dict[str, Any]]:
    """An exchange in a process of its own; what it writes to its port file."""
    port_file = folder / "port"
    command = [sys.executable, "-m", "tests.loopback", "--began", str(BEGAN), "--port-file", str(port_file), *options]
    with subprocess.Popen(command, cwd=ROOT) as running:
        try:
            while not port_file.exists():
                assert running.poll() is None
                time.sleep(0.02)
            yield json.loads(port_file.read_text())
        finally:
            running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0


def test_an_exchange_in_a_thread_serves_another_loop() -> None:
    async def candle(exchange: Loopback) -> list[float]:
        async with client(exchange) as ccxt:
            await ccxt.load_markets()
            watched: list[float] = (await ccxt.watch_ohlcv("BTC/USDT", "1m"))[-1]
            return watched

    with LoopbackThread(walk(["BTC/USDT"], BEGAN, 30, quiet=0), PatientClock(BEGAN, 1000)) as exchange:
        assert asyncio.run(candle(exchange))[0] >= BEGAN
        assert exchange.sockets_opened == 1
        assert exchange.requests["/api/v3/exchangeInfo"] == 1


def test_an_exchange_in_a_process_has_the_market_of_its_seed_and_a_clock_that_stops(tmp_path: Path) -> None:
    truth = walk(["BTC/USD", "ETH/USD"], BEGAN, 240, seed=5)
    options = ["--protocol", "kraken", "--symbols", "BTC/USD,ETH/USD", "--seed", "5", "--speed", "1000", "--frozen"]
    with process(tmp_path, *options) as started:
        urls = started["ccxt"].pop("urls")
        kraken = ccxt.kraken(started["ccxt"])
        kraken.urls = kraken.deep_extend(kraken.urls, urls)
        rows = kraken.fetch_ohlcv("ETH/USD", "1m", since=truth.began)
        kraken.session.close()
        market = truth.markets["ETH/USD"]
        assert rows[:-1] == [market.row(candle) for candle in truth.closed("ETH/USD", "1m", truth.began, BEGAN)]
        stood = told(started["host"], "clock")["now"]
        assert told(started["host"], "clock")["now"] == stood
        told(started["host"], "thaw")
        while told(started["host"], "clock")["now"] < stood + 20_000:
            time.sleep(0.005)
        frozen = told(started["host"], "freeze")
        assert stood + 20_000 <= frozen["now"] == told(started["host"], "clock")["now"]
        assert frozen["requests"]["/0/public/OHLC"] == 1
        assert told(started["host"], f"set?now={BEGAN + 60 * MINUTE}")["now"] == BEGAN + 60 * MINUTE


class Wound(StoppableClock):
    """A stoppable clock on a machine whose seconds are given."""

    seconds_gone = 0.0

    def machine(self) -> float:
        return self.seconds_gone


def test_a_stopped_clock_goes_on_from_where_it_stood() -> None:
    clock = Wound(BEGAN, 1000)
    clock.seconds_gone = 2.0
    clock.freeze()
    clock.seconds_gone = 5.0
    assert clock.now() == BEGAN + 2_000_000
    clock.thaw()
    assert clock.now() == BEGAN + 2_000_000
    clock.seconds_gone = 5.25
    assert clock.now() == BEGAN + 2_250_000
    clock.set(BEGAN)
    clock.seconds_gone = 5.5
    assert clock.now() == BEGAN + 250_000


def test_a_patient_clock_does_not_count_a_time_in_which_nobody_looked() -> None:
    clock = PatientClock(BEGAN, 1000)
    time.sleep(20 * COUNTED)
    assert BEGAN < clock.now() <= BEGAN + 1000 * 1000 * COUNTED
    while clock.now() < BEGAN + 100_000:
        time.sleep(COUNTED / 10)


def test_a_stormy_hour_does_no_harm_to_the_exchange() -> None:
    """A client that comes back after every error finds, in the calm at the end, the whole truth."""

    async def test() -> None:
        symbols = ["BTC/USDT", "ETH/USDT"]
        truth = walk(symbols, BEGAN, 60, seed=4)
        faults = schedule(4, BEGAN, truth.ended, symbols, intensity=3)
        async with Loopback(truth, PatientClock(BEGAN, 2000), "binance", faults) as exchange:
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)  # ccxt's own, at bad JSON
            while exchange.clock.now() < truth.ended - 5 * MINUTE:
                async with client(exchange) as ccxt:
                    try:
                        async with asyncio.timeout(0.2):
                            while True:
                                await ccxt.watch_ohlcv("BTC/USDT", "1m")
                    except Exception:  # noqa: BLE001  # whatever a storm does to a client
                        await asyncio.sleep(0.01)
            async with client(exchange) as ccxt:
                for symbol in symbols:
                    now = exchange.clock.now()
                    rows = {row[0]: row for row in await ccxt.fetch_ohlcv(symbol, "1m", since=BEGAN, limit=1000)}
                    for candle in exchange.truth.closed(symbol, "1m", BEGAN, now):
                        assert rows[candle.time] == exchange.truth.markets[symbol].row(candle)
            assert len(+exchange.applied) > 8

    asyncio.run(test())
