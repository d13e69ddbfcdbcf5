"""Hammer and its kin: a short body at one end of the range and one long wick.

A body is short below the mean of the 10 before; a wick is long above its own body, and as good as none below a tenth of
the usual range.

- cdl_hammer (bullish): long lower wick, no upper one, body low: its bottom at most near above the low before.
- cdl_hanging_man (bearish): the same candle up high: its bottom at least near below the high before.
- cdl_inverted_hammer (bullish): long upper wick, no lower one, the body below the body before.
- cdl_shooting_star (bearish): the same candle, the body above the body before.

Strength: 0 where the pattern is not, else from 0.5 to 1 by the long wick against the rest of the range; negative where
bearish. Nothing is asked of the trend before.

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDLHAMMER, CDLHANGINGMAN, CDLINVERTEDHAMMER,
CDLSHOOTINGSTAR: there, and of that sign, where they are. Inputs: open, high, low, close. Warm-up: 12 candles.
Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import (
    body,
    bottom,
    clarity,
    gapped,
    lower,
    near,
    tiny,
    upper,
    usual_body,
)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for k in range(4):
        o[k] = 0.0
    size, over, under = body(c, t), upper(c, t), lower(c, t)
    if not (size < over or size < under) or not size < usual_body(c, t):
        return
    none = tiny(c, t)
    if under > size and over < none:
        close_by = near(c, t - 1)
        if bottom(c, t) <= c.low[t - 1] + close_by:
            o[0] = clarity(under, size + over)
        if bottom(c, t) >= c.high[t - 1] - close_by:
            o[1] = -clarity(under, size + over)
    if over > size and under < none:
        if gapped(c, t, t - 1, -1.0):
            o[2] = clarity(over, size + under)
        if gapped(c, t, t - 1, 1.0):
            o[3] = -clarity(over, size + under)


FAMILY = FeatureFamily(
    name="hammer_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_hammer", "short body over a long lower wick, low down", "strength", low=0, high=1),
        FeatureOutput("cdl_hanging_man", "short body over a long lower wick, high up", "strength", low=-1, high=0),
        FeatureOutput("cdl_inverted_hammer", "short body under a long upper wick, low down", "strength", low=0, high=1),
        FeatureOutput("cdl_shooting_star", "short body under a long upper wick, high up", "strength", low=-1, high=0),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 12,
    reach=lambda: 12,
)
