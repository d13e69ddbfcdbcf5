"""A loopback exchange in a process of its own whose clock can stand still, and the clock that a host shares with it."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

from papertape.feeds.exchange.clock import Clock

ROOT = Path(__file__).parents[1]
BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
"""What the exchange's clock says when it is started, ms UTC."""
MINUTE = 60_000


class SharedClock(Clock):
    """The exchange's clock as a file tells it: `at` (ms UTC), when that was (`since`, seconds of the machine's
    monotonic clock), and how many ms a ms has taken from then on (`pace`, 0 where it stands still)."""

    def __init__(self, file: Path, speed: float) -> None:
        self.file, self.speed = file, speed

    def now(self) -> int:
        told = json.loads(self.file.read_text())
        return int(told["at"]) + int((time.monotonic() - told["since"]) * 1000 * told["pace"])

    def seconds(self, ms: float) -> float:
        return ms / 1000 / self.speed


class LiveMarket:
    """`with LiveMarket(folder, symbols, speed, candles, seed) as market`: Binance's spot market in a folder's process.

    Its clock stands still from the start until `thaw`. `candles`: how many there will be from then on, after 700.
    """

    def __init__(self, folder: Path, symbols: Sequence[str], speed: float, candles: int, seed: int) -> None:
        self.symbols, self.speed = symbols, speed
        self.folder = Path(tempfile.mkdtemp(prefix="exchange_", dir=folder))
        self.clock = SharedClock(self.folder / "clock", speed)
        self._arguments = ["--symbols", ",".join(symbols), "--speed", str(speed), "--began", str(BEGAN)]
        self._arguments += ["--count", str(candles), "--history", "700", "--seed", str(seed), "--frozen"]

    def __enter__(self) -> Self:
        port = self.folder / "port"
        command = [sys.executable, "-m", "tests.loopback", *self._arguments, "--port-file", str(port)]
        self._process = subprocess.Popen(command, cwd=ROOT)
        while not port.exists():
            if self._process.poll() is not None:
                raise RuntimeError(f"the exchange ended with {self._process.returncode} at its start")
            time.sleep(0.02)
        told = json.loads(port.read_text())
        self._host, self.ccxt = told["host"], told["ccxt"]
        self.freeze()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def freeze(self) -> None:
        """Stops the clock."""
        self._control("freeze", pace=0.0)

    def thaw(self) -> None:
        """Has the clock go on."""
        self._control("thaw", pace=self.speed)

    def until_close(self) -> float:
        """Seconds of the machine until the candle that forms now closes."""
        return self.clock.seconds(MINUTE - self.clock.now() % MINUTE)

    def candles(self, symbol: str, first: int, count: int) -> list[list[float]]:
        """Open time (ms UTC), open, high, low, close and volume of candles that have closed, as the exchange says."""
        query = f"symbol={symbol.replace('/', '')}&interval=1m&startTime={first}&limit={count}"
        return [[float(value) for value in row[:6]] for row in self._get(f"api/v3/klines?{query}")]

    def _control(self, order: str, pace: float) -> None:
        at = self._get(f"control/{order}")["now"]
        written = self.clock.file.with_suffix(".part")
        written.write_text(json.dumps({"at": at, "since": time.monotonic(), "pace": pace}))
        written.replace(self.clock.file)

    def _get(self, path: str) -> Any:
        with urlopen(f"http://{self._host}/{path}", timeout=30) as answer:
            return json.load(answer)
