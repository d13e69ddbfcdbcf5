"""The garbage collector in a fold: what it finds there is little, and what it looks at is much."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_OBJECTS = 50_000
"""New objects between two looks of the garbage collector; a chunk of candles alone makes thousands."""


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Has the garbage collector come less often, and leave out what was there before: both only cost time in a fold,
    whose rows and records hold no cycles. Plugins may make some, so it still comes."""
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if not frozen:
            gc.unfreeze()
