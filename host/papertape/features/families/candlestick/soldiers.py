"""Three white soldiers, and rises of three white candles that tire.

Three white candles, each closing above the one before. Long and short bodies, long above the mean of the 10 before;
near and far: 0.2 and 0.6 of the recent range (mean of the 5 before); a wick is as good as none below a tenth of the
usual range, short below the usual wick.

- cdl_three_white_soldiers (bullish): no upper wicks; the second and third open above the open before and at most near
  above the close before; no body far smaller than the one before; the last not short.
- cdl_advance_block (bearish): opens as above; the first body long, its upper wick short; then weakness: the second far
  smaller than the first and the third at most near larger; or the third far smaller than the second; or bodies that
  shrink with an upper wick that is not short at the second or third; or a third smaller than the second whose upper
  wick is longer than its body.
- cdl_stalled_pattern (bearish): the first two long, the second without an upper wick, opening as above; the third short
  and opening no lower than near below where its body would rest on the second's close.

Strength: 0 where the pattern is not, else from 0.5 to 1 by the three bodies against three usual ones; negative where
bearish.

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDL3WHITESOLDIERS, CDLADVANCEBLOCK,
CDLSTALLEDPATTERN: there, and of that sign, where they are. Inputs: open, high, low, close. Warm-up: 13 candles.
Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import (
    body,
    colour,
    far,
    force,
    near,
    tiny,
    upper,
    usual_body,
    usual_wick,
)


@kernel
def steps_up(c: Columns, t: int) -> bool:
    """Whether candle t opens above the open before, and at most near above the close before."""
    return bool(c.open[t] > c.open[t - 1] and c.open[t] <= c.close[t - 1] + near(c, t - 1))


@kernel
def marches(c: Columns, t: int) -> bool:
    """Whether the three rising candles, each stepping up from the one before, are white soldiers."""
    if not (upper(c, t - 2) < tiny(c, t - 2) and upper(c, t - 1) < tiny(c, t - 1) and upper(c, t) < tiny(c, t)):
        return False
    kept = body(c, t - 1) > body(c, t - 2) - far(c, t - 2) and body(c, t) > body(c, t - 1) - far(c, t - 1)
    return kept and body(c, t) > usual_body(c, t)


@kernel
def blocked(c: Columns, t: int) -> bool:
    """Whether the three rising candles, each stepping up from the one before, are an advance block."""
    one, two, three = body(c, t - 2), body(c, t - 1), body(c, t)
    if not (one > usual_body(c, t - 2) and upper(c, t - 2) < usual_wick(c, t - 2)):
        return False
    if two < one - far(c, t - 2) and three < two + near(c, t - 1):
        return True
    if three < two - far(c, t - 1):
        return True
    if three < two and two < one and (upper(c, t) > usual_wick(c, t) or upper(c, t - 1) > usual_wick(c, t - 1)):
        return True
    return three < two and upper(c, t) > three


@kernel
def stalled(c: Columns, t: int) -> bool:
    """Whether the three rising candles, the second stepping up from the first, are a stalled pattern."""
    if not (body(c, t - 2) > usual_body(c, t - 2) and body(c, t - 1) > usual_body(c, t - 1)):
        return False
    rests = c.open[t] >= c.close[t - 1] - body(c, t) - near(c, t - 1)
    return rests and body(c, t) < usual_body(c, t) and upper(c, t - 1) < tiny(c, t - 1)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for k in range(3):
        o[k] = 0.0
    if colour(c, t) < 0.0 or colour(c, t - 1) < 0.0 or colour(c, t - 2) < 0.0:
        return
    if not (c.close[t] > c.close[t - 1] and c.close[t - 1] > c.close[t - 2]) or not steps_up(c, t - 1):
        return
    strength = force(c, t, 3)
    if steps_up(c, t):
        if marches(c, t):
            o[0] = strength
        if blocked(c, t):
            o[1] = -strength
    if stalled(c, t):
        o[2] = -strength


FAMILY = FeatureFamily(
    name="soldier_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_three_white_soldiers", "three strong white candles", "strength", low=0, high=1),
        FeatureOutput("cdl_advance_block", "three white candles that weaken", "strength", low=-1, high=0),
        FeatureOutput("cdl_stalled_pattern", "two long white candles and a short one", "strength", low=-1, high=0),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 13,
    reach=lambda: 13,
)
