"""Garbage collected while nobody waits: a full collection takes a tenth of a second, in which no key is answered."""

import gc
from time import monotonic

YOUNG, MIDDLE, NEVER = 5_000, 10, 1_000_000
"""When the collector comes by itself: to new objects, to those that it has seen once, to all of them."""
TIDIED_EVERY = 15.0
"""Seconds between two full collections."""
QUIET = 3.0
"""Seconds without a key after which nobody seems to wait for anything."""


class Tidying:
    """Has the full collections of this process come when it is quiet, until it is closed."""

    def __init__(self) -> None:
        self._before = gc.get_threshold()
        self._touched = monotonic()

    def take_over(self) -> None:
        """Has no full collection come by itself any more."""
        gc.set_threshold(YOUNG, MIDDLE, NEVER)

    def touched(self) -> None:
        """Somebody has pressed a key."""
        self._touched = monotonic()

    def tidy(self) -> None:
        """Collects everything, if it is quiet."""
        if monotonic() - self._touched > QUIET:
            gc.collect()

    def close(self) -> None:
        """Leaves it to the collector again."""
        gc.set_threshold(*self._before)
