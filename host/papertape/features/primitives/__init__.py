"""Building blocks of steps: averages, windows and their warm-up, each with its state in the step's own arrays.

Public, as `papertape` itself is: families of plugins are built from them too.
"""

from papertape.features.primitives.comoments import comoments_floats, window_comoments
from papertape.features.primitives.smoothing import ema, faded, wilder
from papertape.features.primitives.warmup import ema_warmup, fading_warmup, wilder_warmup
from papertape.features.primitives.windows import (
    moments_floats,
    sum_floats,
    window_highest,
    window_ints,
    window_lowest,
    window_moments,
    window_sum,
)

__all__ = [
    "comoments_floats",
    "ema",
    "ema_warmup",
    "faded",
    "fading_warmup",
    "moments_floats",
    "sum_floats",
    "wilder",
    "wilder_warmup",
    "window_comoments",
    "window_highest",
    "window_ints",
    "window_lowest",
    "window_moments",
    "window_sum",
]
