"""Stars: a small body that stands off the long one before, and the turn after it.

A body is long above the mean of the 10 before, short at or below it; a doji's is at most a tenth of the usual range. A
star's body lies wholly beyond the body before, in the direction of that candle's colour.

- cdl_doji_star: a long body, then a doji as its star; against the colour of the long one.
- cdl_morning_star (bullish), cdl_evening_star (bearish): a long body, a short one as its star, then a body above the
  mean of the other colour than the first that closes back more than 0.3 into the first body.
- cdl_morning_doji_star, cdl_evening_doji_star: the same with a doji as the star.
- cdl_tristar: three doji, by the limit at the first of them; the second stands off the first, the third's end falls
  back behind the second's. Bullish where the second is below.

Strength: 0 where the pattern is not, else from 0.5 to 1: by the bodies beside the star against twice the star's own;
for a tristar by the range of the middle candle against the usual range; negative where bearish.

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDLDOJISTAR, CDLMORNINGSTAR, CDLEVENINGSTAR,
CDLMORNINGDOJISTAR, CDLEVENINGDOJISTAR (penetration 0.3), CDLTRISTAR: there, and of that sign, where they are.
Inputs: open, high, low, close. Warm-up: 13 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import (
    body,
    bottom,
    clarity,
    colour,
    gapped,
    tiny,
    top,
    usual_body,
    usual_range,
)


@kernel
def turns(c: Columns, t: int) -> float:
    """1 or -1 where candle t turns back from a star at t - 1 into the long body at t - 2, whatever the star; else 0."""
    side = colour(c, t)
    first = body(c, t - 2)
    if colour(c, t - 2) == side or not gapped(c, t - 1, t - 2, -side):
        return 0.0
    back = side * c.close[t] > side * (c.close[t - 2] + side * first * 0.3)
    return side if back and first > usual_body(c, t - 2) and body(c, t) > usual_body(c, t) else 0.0


@kernel
def three_doji(c: Columns, t: int) -> float:
    """1 or -1 where candle t completes a tristar, else 0."""
    limit = tiny(c, t - 2)
    if not (body(c, t) <= limit and body(c, t - 1) <= limit and body(c, t - 2) <= limit):
        return 0.0
    side = 0.0
    if gapped(c, t - 1, t - 2, 1.0) and top(c, t) < top(c, t - 1):
        side = -1.0
    if gapped(c, t - 1, t - 2, -1.0) and bottom(c, t) > bottom(c, t - 1):
        side = 1.0
    return side


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for k in range(6):
        o[k] = 0.0
    size, first, off = body(c, t), body(c, t - 1), colour(c, t - 1)
    if gapped(c, t, t - 1, off) and first > usual_body(c, t - 1) and size <= tiny(c, t):
        o[0] = -off * clarity(first, size)
    side = turns(c, t)
    if side != 0.0:
        strength = side * clarity(body(c, t - 2) + size, 2.0 * first)
        kind = 1 if side > 0.0 else 2
        if first <= usual_body(c, t - 1):
            o[kind] = strength
        if first <= tiny(c, t - 1):
            o[kind + 2] = strength
    side = three_doji(c, t)
    if side != 0.0:
        o[5] = side * clarity(c.high[t - 1] - c.low[t - 1], usual_range(c, t - 2))


FAMILY = FeatureFamily(
    name="star_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_doji_star", "doji that stands off the long body before", "strength", low=-1, high=1),
        FeatureOutput("cdl_morning_star", "fall, short body below, turn up", "strength", low=0, high=1),
        FeatureOutput("cdl_evening_star", "rise, short body above, turn down", "strength", low=-1, high=0),
        FeatureOutput("cdl_morning_doji_star", "fall, doji below, turn up", "strength", low=0, high=1),
        FeatureOutput("cdl_evening_doji_star", "rise, doji above, turn down", "strength", low=-1, high=0),
        FeatureOutput("cdl_tristar", "three doji, the middle one off to a side", "strength", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 13,
    reach=lambda: 13,
)
