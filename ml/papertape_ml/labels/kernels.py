"""The loops of the labels, compiled by numba.

Its own cache serves: it knows this file by its time and size, and the processor; no kernel here calls one of another
file, and none calls a function of mathematics whose bits another library could change.
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

WHOLE: Final = 0
BEYOND: Final = 1
GAP: Final = 2
"""What becomes of a row: it stands; its horizon ends beyond the data; it spans a gap longer than the horizon."""

STOP: Final = 0
TIME: Final = 1
TARGET: Final = 2

BLOCK: Final = 16
"""Candles of the smallest block that is looked at as one; 16 of them make one of the next size, and so once more."""


def _compiled(function: Callable[P, R]) -> Callable[P, R]:
    made: Any = numba.njit(cache=True, error_model="numpy")(function)
    return cast(Callable[P, R], made)


@_compiled
def spans(ts: Any, period: int, horizon: int, needs_open: bool) -> Any:
    """Where each row's horizon ends, and what becomes of the row.

    Row i enters with candle i + 1. Gives the first candle (n,) that opens at or after the entry plus `horizon` (n where
    there is none), and WHOLE, BEYOND or GAP. `needs_open`: a row needs that candle, not only data up to that time.
    """
    n = len(ts)
    ends = np.empty(n, np.int64)
    fate = np.empty(n, np.int8)
    end = 0
    gap = 0  # the first candle from i on after which there is too long a gap
    for i in range(n):
        ends[i] = n
        fate[i] = BEYOND
        if i + 1 >= n:
            continue
        due = ts[i + 1] + horizon
        while end < n and ts[end] < due:
            end += 1
        ends[i] = end
        if end == n and (needs_open or ts[n - 1] + period < due):
            continue
        gap = max(gap, i)
        while gap + 1 < n and ts[gap + 1] - ts[gap] - period <= horizon:
            gap += 1
        fate[i] = GAP if gap < min(end, n - 1) else WHOLE
    return ends, fate


@_compiled
def first_touch(
    ts: Any, open: Any, high: Any, low: Any, period: int, ends: Any, stands: Any, stop: Any, target: Any, highs: Any,
    lows: Any,
) -> Any:  # fmt: skip
    """Which leg of a long's bracket is reached first: STOP, TIME or TARGET (n,), at what price, and when (ms).

    Rows that do not stand get none. `stop`, `target`: price levels of each row; `highs`, `lows`: extremes of blocks of
    16, 256 and 4096 candles, which are passed over whole where they reach neither level. At the open of the last
    candle, at which the time is over, a leg that the open has passed still goes first: it is the older order.
    """
    n = len(ts)
    code = np.zeros(n, np.int8)
    price = np.full(n, np.nan)
    when = np.zeros(n, np.int64)
    high1, high2, high3 = highs
    low1, low2, low3 = lows
    for i in range(n):
        if not stands[i]:
            continue
        below, above, end = stop[i], target[i], ends[i]
        j = i + 1
        while j < end:
            if j % 4096 == 0 and j + 4096 <= end and low3[j // 4096] > below and high3[j // 4096] <= above:
                j += 4096
            elif j % 256 == 0 and j + 256 <= end and low2[j // 256] > below and high2[j // 256] <= above:
                j += 256
            elif j % 16 == 0 and j + 16 <= end and low1[j // 16] > below and high1[j // 16] <= above:
                j += 16
            elif low[j] <= below or high[j] > above:
                break
            else:
                j += 1
        at_open = open[j]
        if at_open <= below or at_open > above or j == end:
            code[i] = STOP if at_open <= below else TARGET if at_open > above else TIME
            price[i] = at_open
            when[i] = ts[j]
        else:
            code[i] = STOP if low[j] <= below else TARGET
            price[i] = below if code[i] == STOP else above
            when[i] = ts[j] + period
    return code, price, when


@_compiled
def extremes(high: Any, low: Any, ends: Any, stands: Any) -> Any:
    """The highest high and lowest low (n,) of the candles that each row's horizon begins and holds: i + 1 to, not
    with, its end. Ends never go back, so each candle enters and leaves a queue once."""
    n = len(high)
    top = np.full(n, np.nan)
    bottom = np.full(n, np.nan)
    rising = np.empty(n, np.int64)
    falling = np.empty(n, np.int64)
    r0, r1, f0, f1, taken = 0, 0, 0, 0, 0
    for i in range(n):
        if not stands[i]:
            continue
        while taken < ends[i]:
            while r1 > r0 and low[rising[r1 - 1]] >= low[taken]:
                r1 -= 1
            rising[r1] = taken
            r1 += 1
            while f1 > f0 and high[falling[f1 - 1]] <= high[taken]:
                f1 -= 1
            falling[f1] = taken
            f1 += 1
            taken += 1
        while rising[r0] <= i:
            r0 += 1
        while falling[f0] <= i:
            f0 += 1
        top[i] = high[falling[f0]]
        bottom[i] = low[rising[r0]]
    return top, bottom


@_compiled
def shares(begins: Any, ends: Any) -> Any:
    """How much of a label's weight has gone by: the integral of one by the number of labels under way, at each of
    `begins` and `ends`, which ascend."""
    n = len(begins)
    at_begins = np.empty(n, np.float64)
    at_ends = np.empty(n, np.float64)
    b, e = 0, 0
    share = 0.0
    now = begins[0]
    while e < n:
        ending = b == n or ends[e] <= begins[b]
        time = ends[e] if ending else begins[b]
        if b > e:
            share += (time - now) / (b - e)
        now = time
        if ending:
            at_ends[e] = share
            e += 1
        else:
            at_begins[b] = share
            b += 1
    return at_begins, at_ends
