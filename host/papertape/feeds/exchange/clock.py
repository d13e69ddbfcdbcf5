"""The one clock of a live feed: every time-stamp and every wait of it goes by this, so that a test can hurry it."""

import time


class Clock:
    """The machine's clock, ms UTC."""

    def now(self) -> int:
        """Ms UTC."""
        return int(time.time() * 1000)

    def seconds(self, ms: float) -> float:
        """How many seconds the machine waits for `ms` of this clock's milliseconds."""
        return ms / 1000


class FastClock(Clock):
    """A clock that begins at `began` (ms UTC) and goes `speed` times as fast as the machine's; for tests and proofs."""

    def __init__(self, began: int, speed: float) -> None:
        self.began = began
        self.speed = speed
        self._started = time.monotonic()

    def now(self) -> int:
        return self.began + int((time.monotonic() - self._started) * 1000 * self.speed)

    def seconds(self, ms: float) -> float:
        return ms / 1000 / self.speed


_running = Clock()


def running() -> Clock:
    """The clock of all live feeds of this process."""
    return _running


def run_on(clock: Clock) -> None:
    """Has live feeds that are made from now on go by another clock: a test's."""
    global _running
    _running = clock
