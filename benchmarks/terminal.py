"""A terminal with a program in it: what a person at one presses and sees, without the person."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>78])")
_KEPT = 60_000
"""Characters that are looked at for what is awaited: many screens full."""


class Gone(Exception):
    """The program has ended, or did not say in time what was awaited; the message holds the end of what it wrote."""


class Terminal:
    """A program at a terminal of its own, whose screen is read all the time that somebody waits for something.

    What it writes is read as text in the order in which it comes, moves of the cursor as breaks: enough to tell when
    something is on the screen, not where.
    """

    def __init__(
        self, command: Sequence[str], *, columns: int = 120, rows: int = 40, env: Mapping[str, str] | None = None
    ) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        plain = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**plain, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})},
        )
        os.close(slave)
        self.text = ""
        self.written = 0
        """Bytes that the program has written so far."""
        self._rest = b""

    def press(self, keys: str) -> None:
        """Presses keys, and forgets what was on the screen before."""
        self.text = ""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> bool:
        """Takes in what comes within that time, or as soon as something does; whether anything came."""
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            came = self._rest + os.read(self._master, 1 << 20)
        except OSError as error:
            raise Gone(f"the program has ended: {self.text[-400:]!r}") from error
        self.written += len(came) - len(self._rest)
        whole = came.rfind(b"\x1b")  # an escape that may not be complete yet waits for the rest
        whole = len(came) if whole < 0 or len(came) - whole > 40 else whole
        came, self._rest = came[:whole], came[whole:]
        text = _ESCAPES.sub(_broken, came.decode("utf-8", "replace"))
        self.text = (self.text + text)[-_KEPT:]
        return True

    def watch(self, seconds: float) -> None:
        """Takes in what comes for that long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def until(self, *texts: str, seconds: float = 20.0) -> float:
        """Waits until every text has come since the last key; the seconds that it took."""
        began = time.perf_counter()
        while not all(text in self.text for text in texts):
            left = seconds - (time.perf_counter() - began)
            if left <= 0:
                raise Gone(f"{texts} did not come; the screen says {self.text[-400:]!r}")
            self.read(left)
        return time.perf_counter() - began

    def close(self) -> None:
        """Ends the program as a terminal that is closed does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self._master)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _broken(escape: re.Match[str]) -> str:
    return "\n" if escape[0][-1] in "Hf" else ""
