"""Real sessions for screens to show: small ones that have ended, and one that goes on until it is told to stop."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import Thread
from typing import Any

from papertape.engine.config import read_config
from papertape.engine.discovery import Plugins, load_plugins
from papertape.engine.pacing import Pace
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.ledger.store import Ledger

CREATED = 1_750_000_000_000
SMALL: Mapping[str, Any] = {
    "feed": {"kind": "sim", "symbols": ["BTC/USDT", "ETH/USDT"]},
    "strategies": [
        {"kind": "ema-cross", "fast": 5, "slow": 20},
        "rsi-reversion",
        {"kind": "buy-and-hold", "name": "hold"},
    ],
    "fusion": {"kind": "weighted-vote", "threshold": 0.3, "weights": {"hold": 2.0}},
    "bars": 400,
}


@cache
def installed() -> Plugins:
    return load_plugins()


def play(url: str, name: str, *, created: int = CREATED, **changes: Any) -> None:
    """Runs a session to its end."""
    with Ledger.open(url, create=True) as ledger:
        runner, close = _runner(ledger, name, created, {**SMALL, **changes}, Pace())
        try:
            runner.run()
        finally:
            close()


@contextmanager
def running(url: str, name: str, *, speed: float = 480.0, **changes: Any) -> Iterator[Runner]:
    """A session that runs beside the test, at a multiple of real time; 8 batches a second unless told otherwise."""
    with Ledger.open(url, create=True) as ledger:
        runner, close = _runner(ledger, name, CREATED, {**SMALL, "bars": None, **changes}, Pace(speed))
        host = Thread(target=runner.run)
        host.start()
        try:
            yield runner
        finally:
            runner.stop()
            host.join()
            close()


def _runner(ledger: Ledger, name: str, created: int, document: Mapping[str, Any], pace: Pace) -> tuple[Runner, Any]:
    config = read_config(document)
    started = start(ledger, name, config, installed(), created)
    return Runner(config, started.built, started.feed, ledger, started.writer, pace=pace), started.writer.close
