"""A live market for pages that follow one: the loopback exchange, wherever ccxt would have asked the real one."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.loopback.clock import PatientClock
from tests.loopback.server import LoopbackThread
from tests.loopback.sources import walk

from papertape.cli.options import home
from papertape.contract.errors import NoLedger
from papertape.feeds.exchange import client
from papertape.feeds.exchange.clock import Clock, run_on
from papertape.ledger.store import Ledger
from papertape.ledger.url import default_url

BEGAN = 1_772_442_840_000  # ms UTC
SYMBOLS = ("BTC/USDT", "ETH/USDT")
MORE = 3
"""Batches after which a reader has seen enough of a live session."""


@contextmanager
def live_market(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Binance on this machine, its clock 600 times as fast as ours."""
    clock = PatientClock(BEGAN, 600)
    with LoopbackThread(walk(SYMBOLS, BEGAN, count=600, history=1500), clock, "binance") as exchange:
        options = exchange.ccxt_options()
        real = client._class

        def redirected(name: str) -> type[Any]:
            cls = real(name)

            def build(self: Any, config: dict[str, Any]) -> None:
                cls.__init__(self, {**config, **{key: value for key, value in options.items() if key != "urls"}})
                self.urls = self.deep_extend(self.urls, options["urls"])

            return type(name, (cls,), {"__init__": build})

        monkeypatch.setattr(client, "_class", redirected)
        run_on(clock)
        try:
            yield
        finally:
            run_on(Clock())


@contextmanager
def interrupted_soon() -> Iterator[None]:
    """Presses Ctrl-C once the newest session has seen a few batches more."""
    before, left = _snapshots(), threading.Event()

    def watch() -> None:
        while not left.is_set():
            now = _snapshots()
            grown = {name for name, count in now.items() if count >= before.get(name, 0) + MORE}
            if grown:
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.05)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        left.set()
        watching.join()


def _snapshots() -> dict[str, int]:
    """Batches of every session."""
    try:
        with Ledger.open(default_url(home())) as ledger:
            return {row.id: row.snapshots for row in ledger.sessions()}
    except NoLedger:
        return {}
