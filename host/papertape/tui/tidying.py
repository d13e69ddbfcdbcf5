"""Garbage collected while nobody waits: a full collection takes a tenth of a second, in which no key is answered."""

import gc
from time import monotonic

YOUNG, MIDDLE, NEVER = 50_000, 5, 1_000_000
"""When the collector comes by itself: to new objects, to those that it has seen once, to all of them. A paint makes
some thousands of new ones, so that it comes of itself only where keys follow each other for long."""
SWEPT_EVERY, TIDIED_EVERY = 0.25, 15.0
"""Seconds between two collections of what is new, and of everything."""
ANSWERED, QUIET = 0.08, 3.0
"""Seconds without a key after which the last one has had its answer, and nobody seems to wait for anything."""


class Tidying:
    """Has the collections of this process come when nobody waits, until it is closed."""

    def __init__(self) -> None:
        self._before = gc.get_threshold()
        self._touched = monotonic()

    def take_over(self) -> None:
        """Has hardly any collection come by itself any more, and no full one."""
        gc.set_threshold(YOUNG, MIDDLE, NEVER)

    def touched(self) -> None:
        """Somebody has pressed a key."""
        self._touched = monotonic()

    def untouched(self) -> float:
        """Seconds since somebody pressed a key."""
        return monotonic() - self._touched

    def sweep(self) -> None:
        """Collects what is new, if the last key has had its answer."""
        if self.untouched() > ANSWERED:
            gc.collect(1)

    def tidy(self) -> None:
        """Collects everything, if it is quiet."""
        if self.untouched() > QUIET:
            gc.collect()

    def close(self) -> None:
        """Leaves it to the collector again."""
        gc.set_threshold(*self._before)
