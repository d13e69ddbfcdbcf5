"""The session in `stormy/` on a loopback exchange, and the hosts that run it there."""

import json
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

from live_market import LiveMarket
from undisturbed import SESSION, Failed

GRACE = 3000
"""Seconds of the market that a batch waits for a symbol: only a candle that never came would be late."""
DEADLINE = 300.0
"""Seconds in which a host must have said something, or be done."""


def session_file(exchange: LiveMarket, bars: int, within: float) -> str:
    """The session in `stormy/` on a live market, as a file of its own; its path."""
    document = tomllib.loads(SESSION.read_text())
    document["strategies"] = [_absolute(strategy) for strategy in document["strategies"]]
    document |= {"bars": bars, "participation": 0.02}  # these markets are smaller than the simulated ones
    document["feed"] = {
        "kind": "exchange",
        "exchange": "binance",
        "symbols": list(exchange.symbols),
        "timeframe": "1m",
        "grace": GRACE,
        "decide_within": within,
        "ccxt": exchange.ccxt,
    }
    file = exchange.folder / "session.toml"
    file.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in document.items()))
    return str(file)


def _absolute(strategy: Any) -> Any:
    if isinstance(strategy, dict):
        return strategy | {"kind": _absolute(strategy["kind"])}
    return str(SESSION.parent / strategy) if strategy.endswith(".py") else strategy


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


class Host:
    """The papertape command line as a process on the market's clock. `began`: once it says which session it runs."""

    def __init__(self, exchange: LiveMarket, db: str, *what: str) -> None:
        clock = [str(exchange.clock.file), str(exchange.speed)]
        command = [sys.executable, str(Path(__file__).with_name("live_host.py")), *clock, "run", *what, "--db", db]
        self.process = subprocess.Popen(
            [*command, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.said: list[str] = []
        self.began = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("session "):
                self.began.set()
        self.began.set()

    def begin(self) -> None:
        """Waits until it has said which session it runs, or has ended."""
        if not self.began.wait(DEADLINE):
            self.kill()
            raise Failed(f"the host has said nothing for {DEADLINE:.0f} s: {''.join(self.said)}")

    def ended(self, seconds: float) -> bool:
        """Waits so long; whether it has ended well. Raises `Failed` if otherwise."""
        try:
            self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        self._listener.join()
        if self.process.returncode:
            raise Failed(f"exit {self.process.returncode} unasked: {''.join(self.said)}")
        return True

    def end(self) -> None:
        """Waits until it has ended well."""
        if not self.ended(DEADLINE):
            self.kill()
            raise Failed(f"the host has not ended after {DEADLINE:.0f} s: {''.join(self.said[-20:])}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()
