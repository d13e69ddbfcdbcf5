"""Fast clocks that can be stopped, one that a machine which stalls does not hurry, and waiting by them."""

import asyncio
import threading
import time

from papertape.feeds.exchange.clock import Clock, FastClock

LONGEST = 0.005
"""Seconds of the machine after which a wait looks at its clock again: the clock may have been stopped or set."""
COUNTED = 2 * LONGEST
"""Seconds of the machine that count at most between two looks at a patient clock."""


class StoppableClock(FastClock):
    """A fast clock that stands still between `freeze` and `thaw`, and that can be set forward."""

    def __init__(self, began: int, speed: float) -> None:
        super().__init__(began, speed)
        self._since = self.machine()
        self._ahead = 0
        self._frozen: int | None = None

    def machine(self) -> float:
        """The machine's clock, seconds since some moment."""
        return time.monotonic()

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def now(self) -> int:
        return self._going() + self._ahead if self._frozen is None else self._frozen

    def _going(self) -> int:
        return self.began + int((self.machine() - self._since) * 1000 * self.speed)

    def freeze(self) -> None:
        self._frozen = self.now()

    def thaw(self) -> None:
        """Goes on from where it stood."""
        if self._frozen is not None:
            self._ahead, self._frozen = self._frozen - self._going(), None

    def set(self, now: int) -> None:
        """Makes it `now`, ms UTC; a clock that stands still goes on standing there."""
        if self._frozen is None:
            self._ahead = now - self._going()
        else:
            self._frozen = now


class PatientClock(StoppableClock):
    """A clock for an exchange and its client in one process: while the machine does not let that run, no time passes.

    It takes somebody who looks at it all the time, as whoever waits by it does; a second in which nobody did counts no
    more than `COUNTED`. The clock of another process does not follow it.
    """

    def __init__(self, began: int, speed: float) -> None:
        self._lock = threading.Lock()
        self._looked, self._counted = time.monotonic(), 0.0
        super().__init__(began, speed)

    def machine(self) -> float:
        with self._lock:
            looked = time.monotonic()
            self._counted += min(looked - self._looked, COUNTED)
            self._looked = looked
            return self._counted


async def until(clock: Clock, time: int) -> None:
    """Returns once it is `time` (ms UTC) by the clock."""
    while (remaining := time - clock.now()) > 0:
        await asyncio.sleep(min(clock.seconds(remaining), LONGEST))
