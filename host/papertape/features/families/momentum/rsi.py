"""Relative strength index: how much of the recent movement went up.

rsi = 100 U / (U + D), U and D being Wilder's averages over n candles of the rises and of the falls of the close; 0
where neither is.

Source: Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib, RSI. Inputs: close. Warm-up: until the
seed's weight is below 1e-10, and 10 n candles, in which a market that stands still may make the ratio one of small
numbers: about 34 n. Unit: 0 to 100. Unlike TA-Lib's it is 0 once the close has not moved for 10 n candles, as what came
before them is then not to be felt.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import wilder
from papertape.features.primitives.warmup import fading_warmup

QUIET = 10
"""After so many n of candles without movement, none is left."""
TOLERANCE = 1e-10


@kernel
def rises_and_falls(f: Any, i: Any, a: int, b: int, n: int, change: float) -> tuple[float, float]:
    """Wilder's averages of the rises and of the falls; 2 floats at `f[a:]`, 3 ints at `i[b:]`."""
    if change != change:
        return math.nan, math.nan
    up = wilder(f, i, a, b, n, max(change, 0.0))
    down = wilder(f, i, a + 1, b + 1, n, max(-change, 0.0))
    i[b + 2] = 0 if change != 0.0 else min(i[b + 2] + 1, QUIET * n)
    if i[b + 2] >= QUIET * n:
        return 0.0, 0.0
    return up, down


@kernel
def relative_strength(f: Any, i: Any, a: int, b: int, n: int, change: float) -> float:
    """The index after one more change of the close; state as `rises_and_falls`."""
    up, down = rises_and_falls(f, i, a, b, n, change)
    moved = up + down
    if moved != moved:
        return math.nan
    return 100.0 * up / moved if moved > 0.0 else 0.0


def rsi_warmup(n: float, tolerance: float = TOLERANCE) -> int:
    """Candles that `relative_strength` needs: the one before the first change, the seed's, those that fade it, and as
    many as the market may stand still, while all that is left shrinks alike."""
    return 1 + int(n) + fading_warmup(1 / n, 1, tolerance) + QUIET * int(n)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = relative_strength(f, i, 0, 0, int(p[0]), c.close[t] - c.close[t - 1])


FAMILY = FeatureFamily(
    name="rsi",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 14, 2, 500, "candles of Wilder's averages"),),
    outputs=(FeatureOutput("rsi", "share of the movement that went up", "0..100", low=0, high=100, scale=100),),
    variants=((2,), (7,), (14,), (21,), (42,)),
    step=step,
    definition=__doc__,
    warmup=rsi_warmup,
    reach=lambda n: 2,
    floats=lambda n: 2,
    ints=lambda n: 3,
)
