"""A fast clock that can be stopped, and waiting by it."""

import asyncio

from papertape.feeds.exchange.clock import Clock, FastClock

LONGEST = 0.02
"""Seconds of the machine after which a wait looks at its clock again: the clock may have been stopped or set."""


class StoppableClock(FastClock):
    """A fast clock that stands still between `freeze` and `thaw`, and that can be set forward."""

    def __init__(self, began: int, speed: float) -> None:
        super().__init__(began, speed)
        self._ahead = 0
        self._frozen: int | None = None

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def now(self) -> int:
        return super().now() + self._ahead if self._frozen is None else self._frozen

    def freeze(self) -> None:
        self._frozen = self.now()

    def thaw(self) -> None:
        """Goes on from where it stood."""
        if self._frozen is not None:
            self._ahead, self._frozen = self._frozen - super().now(), None

    def set(self, now: int) -> None:
        """Makes it `now`, ms UTC; a clock that stands still goes on standing there."""
        if self._frozen is None:
            self._ahead = now - super().now()
        else:
            self._frozen = now


async def until(clock: Clock, time: int) -> None:
    """Returns once it is `time` (ms UTC) by the clock."""
    while (remaining := time - clock.now()) > 0:
        await asyncio.sleep(min(clock.seconds(remaining), LONGEST))
