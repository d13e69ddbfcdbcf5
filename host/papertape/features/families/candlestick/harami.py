"""Harami: a small body inside the long one before; and what may follow.

A body is long above the mean of the 10 before, short at or below it; a doji's is at most a tenth of the usual range.

- cdl_harami: a long body, then a short one within it, ends included; against the colour of the long one.
- cdl_harami_cross: the same with a doji.
- cdl_homing_pigeon (bullish): a long black body, then a short black one strictly within it.
- cdl_three_inside: a long body, a short one strictly within it, then a candle of the other colour than the first that
  closes beyond the first one's open; signed as that last candle.

Strength: 0 where the pattern is not, else from 0.5 to 1: by how much smaller the second body is than the first; for
three_inside by the three bodies against three usual ones. TA-Lib gives 80 instead of 100 where the bodies of a harami
share an end; here that case has no mark of its own.

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDLHARAMI, CDLHARAMICROSS, CDLHOMINGPIGEON,
CDL3INSIDE: there, and of that sign, where they are. Inputs: open, high, low, close. Warm-up: 13 candles.
Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import (
    body,
    bottom,
    clarity,
    colour,
    force,
    tiny,
    top,
    usual_body,
)


@kernel
def inside(c: Columns, t: int) -> float:
    """How the body of candle t lies in the one before: 2 strictly within, 1 within, 0 not."""
    if top(c, t) < top(c, t - 1) and bottom(c, t) > bottom(c, t - 1):
        return 2.0
    if top(c, t) <= top(c, t - 1) and bottom(c, t) >= bottom(c, t - 1):
        return 1.0
    return 0.0


@kernel
def confirmed(c: Columns, t: int) -> float:
    """1 or -1 where candle t completes three inside; else 0."""
    side = colour(c, t)
    if colour(c, t - 2) == side or not side * (c.close[t] - c.open[t - 2]) > 0.0 or inside(c, t - 1) != 2.0:
        return 0.0
    sized = body(c, t - 2) > usual_body(c, t - 2) and body(c, t - 1) <= usual_body(c, t - 1)
    return side if sized else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for k in range(3):
        o[k] = 0.0
    within = inside(c, t)
    size, first = body(c, t), body(c, t - 1)
    if within > 0.0 and first > usual_body(c, t - 1):
        against = -colour(c, t - 1)
        short = size <= usual_body(c, t)
        strength = clarity(first - size, size)
        if short:
            o[0] = against * strength
        if size <= tiny(c, t):
            o[1] = against * strength
        if short and within == 2.0 and against > 0.0 and colour(c, t) < 0.0:
            o[2] = strength
    side = confirmed(c, t)
    o[3] = side * force(c, t, 3) if side != 0.0 else 0.0


FAMILY = FeatureFamily(
    name="harami_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_harami", "short body inside the long one before", "strength", low=-1, high=1),
        FeatureOutput("cdl_harami_cross", "doji inside the long body before", "strength", low=-1, high=1),
        FeatureOutput("cdl_homing_pigeon", "short black body inside a long black one", "strength", low=0, high=1),
        FeatureOutput("cdl_three_inside", "harami, then a close beyond its first open", "strength", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 13,
    reach=lambda: 13,
)
