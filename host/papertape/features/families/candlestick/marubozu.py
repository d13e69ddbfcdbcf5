"""Marubozu and belt hold: long bodies with an end, or both, that no wick goes beyond.

A body is long above the mean of the 10 before; a wick is as good as none below a tenth of the usual range.

- cdl_marubozu: no wick at either end.
- cdl_closing_marubozu: none at the end where it closes.
- cdl_belt_hold: none at the end where it opens.

Strength: 0 where the pattern is not, else from 0.5 to 1 by the body against the usual one, times the colour (white, a
close at the open or above, 1; black -1).

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDLMARUBOZU, CDLCLOSINGMARUBOZU, CDLBELTHOLD:
there, and of that sign, where they are. Inputs: open, high, low, close. Warm-up: 11 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import body, clarity, colour, lower, tiny, upper, usual_body


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for k in range(3):
        o[k] = 0.0
    size, usual = body(c, t), usual_body(c, t)
    if not size > usual:
        return
    side, none = colour(c, t), tiny(c, t)
    at_close, at_open = upper(c, t), lower(c, t)
    if side < 0.0:
        at_close, at_open = at_open, at_close
    strength = side * clarity(size, usual)
    if at_close < none and at_open < none:
        o[0] = strength
    if at_close < none:
        o[1] = strength
    if at_open < none:
        o[2] = strength


FAMILY = FeatureFamily(
    name="marubozu_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_marubozu", "long body without wicks", "strength", low=-1, high=1),
        FeatureOutput("cdl_closing_marubozu", "long body, no wick beyond the close", "strength", low=-1, high=1),
        FeatureOutput("cdl_belt_hold", "long body, no wick beyond the open", "strength", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 11,
    reach=lambda: 11,
)
