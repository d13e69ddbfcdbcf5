"""What came of one decision: the loops of the labels for a single row, compiled by numba.

Every rule is that of `papertape_ml.labels.kernels`, which walks over a whole history; no kernel here calls one of
another file, so that numba's own cache serves.
"""

import os
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar, cast

# The features' compiler, which may be loaded after this module, wants the same.
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

import numba
import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

NOWHERE: Final = -1
"""No end: the horizon is not over yet, or spans a gap longer than itself."""
STOP: Final = 0
TIME: Final = 1
TARGET: Final = 2


_CANDLES: Final = numba.types.Array(numba.float64, 2, "A", readonly=True)
"""Any view of candles: one compiled form for all of them, made when this module is loaded and never in a session."""
_INT, _FLOAT, _BOOL = numba.int64, numba.float64, numba.boolean


def _compiled(*arguments: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def compile(function: Callable[P, R]) -> Callable[P, R]:
        made: Any = numba.njit([(_CANDLES, *arguments)], cache=True, error_model="numpy")(function)
        return cast(Callable[P, R], made)

    return compile


@_compiled(_INT, _FLOAT, _FLOAT, _BOOL)
def end(candles: Any, at: int, period: float, horizon: float, needs_open: bool) -> int:
    """The first of the candles (6, n) that opens at or after the entry (candle `at` + 1) plus `horizon`, or NOWHERE;
    without `needs_open` n will do where the candles reach up to that time."""
    ts = candles[0]
    n = ts.shape[0]
    if at + 1 >= n:
        return NOWHERE
    due = ts[at + 1] + horizon
    end = at + 1
    while end < n and ts[end] < due:
        end += 1
    if end == n and (needs_open or ts[n - 1] + period < due):
        return NOWHERE
    for i in range(at, min(end, n - 1)):
        if ts[i + 1] - ts[i] - period > horizon:
            return NOWHERE
    return end


@_compiled(_INT, _INT, _FLOAT, _FLOAT, _FLOAT)
def touched(candles: Any, at: int, end: int, sign: float, stop: float, target: float) -> tuple[int, float]:
    """Which leg of a bracket is reached first, STOP, TIME or TARGET, and at what price times `sign`. A short, whose
    `sign` is -1, is a long in a market below zero; `stop` and `target` are levels there."""
    code, price = TIME, np.nan
    for j in range(at + 1, end + 1):
        opens = sign * candles[1, j]
        if j < end:
            top = candles[2, j] if sign > 0 else -candles[3, j]
            bottom = candles[3, j] if sign > 0 else -candles[2, j]
            if not (bottom <= stop or top > target):
                continue
        if opens <= stop:
            code, price = STOP, opens
        elif opens > target:
            code, price = TARGET, opens
        elif j == end:
            code, price = TIME, opens
        elif bottom <= stop:
            code, price = STOP, stop
        else:
            code, price = TARGET, target
        break
    return code, price


@_compiled(_INT, _INT)
def extremes(candles: Any, at: int, end: int) -> tuple[float, float]:
    """The highest high and the lowest low of the candles after `at`, before `end`."""
    top, bottom = -np.inf, np.inf
    for j in range(at + 1, end):
        top = max(top, candles[2, j])
        bottom = min(bottom, candles[3, j])
    return top, bottom
