"""Supertrend: a stop line that follows the price at a distance of average true ranges, and which side it is on.

With m = (high + low) / 2 and a = Wilder's average true range over n candles: the upper line is m + k a where that is
below the upper line before or the close before was above it, else it stays; the lower line is m - k a where that is
above the lower line before or the close before was below it, else it stays. The direction turns to -1 where the close
is below the lower line while it was 1, to 1 where the close is above the upper line while it was -1. supertrend = the
lower line in direction 1, the upper one in -1; supertrend_distance = (close - supertrend) / close; supertrend_age =
candles since the direction turned.

The recursion is restarted on the last n + 100 candles, where it begins after the n that seed the average range, in
direction 1: 100 steps. TA-Lib gives the same from these candles; supertrend_age counts from its beginning at most, so
up to 99.

Source: Seban, Supertrend (2008); TA-Lib, SUPERTREND. Inputs: high, low, close. Warm-up: n + 100 candles.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel

STEPS: Final = 100


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    factor = p[1]
    share = 1.0 / n
    keep = 1.0 - share
    first = t - STEPS + 1
    average = 0.0
    for k in range(first - n + 1, first + 1):
        average += c.span[k]
    average *= share
    middle = 0.5 * (c.high[first] + c.low[first])
    upper = middle + factor * average
    lower = middle - factor * average
    up = True
    turned = first
    before = c.close[first]
    for s in range(first + 1, t + 1):
        average = keep * average + share * c.span[s]
        middle = 0.5 * (c.high[s] + c.low[s])
        above = middle + factor * average
        below = middle - factor * average
        upper = above if (above < upper) | (before > upper) else upper
        lower = below if (below > lower) | (before < lower) else lower
        before = c.close[s]
        if up and before < lower:
            up = False
            turned = s
        elif not up and before > upper:
            up = True
            turned = s
    line = lower if up else upper
    o[0] = line
    o[1] = 1.0 if up else -1.0
    o[2] = (before - line) / before
    o[3] = t - turned


FAMILY = FeatureFamily(
    name="supertrend",
    category="trend",
    memory="path",
    inputs=("high", "low", "close", "span"),
    parameters=(
        FeatureParameter("n", 10, 2, 200, "candles of the average true range"),
        FeatureParameter("k", 3.0, 0.1, 20.0, "average true ranges from the middle to a line"),
    ),
    outputs=(
        FeatureOutput("supertrend", "the stop line", "quote currency", scale="close", level=True),
        FeatureOutput("supertrend_direction", "1 above its line, -1 below", "sign", low=-1, high=1),
        FeatureOutput("supertrend_distance", "close above the line, against the close", "fraction"),
        FeatureOutput("supertrend_age", "candles since the direction turned", "candles", low=0, high=STEPS - 1),
    ),
    variants=((10, 3), (20, 6)),
    step=step,
    definition=__doc__,
    warmup=lambda n, k: int(n) + STEPS,
    reach=lambda n, k: int(n) + STEPS,
)
