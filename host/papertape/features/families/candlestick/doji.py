"""Doji: candles that close where they opened, told apart by their wicks.

A doji's body is at most a tenth of the usual range (mean of the 10 candles before). A wick below a tenth of the usual
range is as good as none.

- cdl_doji: any; strength by how far the body is below that limit.
- cdl_long_legged_doji: a wick longer than the body; strength by both wicks against the usual range.
- cdl_rickshaw_man: both wicks longer than the body, and the body near the middle of the range; by the shorter wick
  against the longer.
- cdl_dragonfly_doji: a lower wick and no upper one; by the lower wick against the rest of the range.
- cdl_gravestone_doji: an upper wick and no lower one; by the upper wick against the rest of the range.
- cdl_takuri: no upper wick, the lower more than twice the body; by the lower wick against the usual range.

Strength is 0 where the pattern is not, else from 0.5 to 1. It is positive in every case, as TA-Lib's are: a doji by
itself takes no side, and neither does a gravestone's sign.

Source: TA-Lib, CDLDOJI, CDLLONGLEGGEDDOJI, CDLRICKSHAWMAN, CDLDRAGONFLYDOJI, CDLGRAVESTONEDOJI, CDLTAKURI: there where
they are (TA-Lib always says 100). Inputs: open, high, low, close. Warm-up: 11 candles. Range: 0 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import (
    body,
    bottom,
    clarity,
    lower,
    near,
    tiny,
    top,
    upper,
    usual_range,
)


@kernel
def centred(c: Columns, t: int) -> bool:
    """Whether the body is near the middle of the range."""
    middle = c.low[t] + (c.high[t] - c.low[t]) / 2.0
    reach = near(c, t)
    return bool(bottom(c, t) <= middle + reach and top(c, t) >= middle - reach)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for k in range(6):
        o[k] = 0.0
    size, over, under = body(c, t), upper(c, t), lower(c, t)
    limit = tiny(c, t)
    if size > limit:
        return
    o[0] = clarity(limit - size, size)
    if over > size or under > size:
        o[1] = clarity(over + under, usual_range(c, t))
    if over > size and under > size and centred(c, t):
        o[2] = clarity(min(over, under), max(over, under))
    if over < limit and under > limit:
        o[3] = clarity(under, size + over)
    if under < limit and over > limit:
        o[4] = clarity(over, size + under)
    if over < limit and under > 2.0 * size:
        o[5] = clarity(under, usual_range(c, t))


FAMILY = FeatureFamily(
    name="doji_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_doji", "closes where it opened", "strength", low=0, high=1),
        FeatureOutput("cdl_long_legged_doji", "doji with a wick longer than its body", "strength", low=0, high=1),
        FeatureOutput("cdl_rickshaw_man", "doji in the middle of its range", "strength", low=0, high=1),
        FeatureOutput("cdl_dragonfly_doji", "doji at the top of its range", "strength", low=0, high=1),
        FeatureOutput("cdl_gravestone_doji", "doji at the bottom of its range", "strength", low=0, high=1),
        FeatureOutput("cdl_takuri", "doji at the top of its range, very long lower wick", "strength", low=0, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 11,
    reach=lambda: 11,
)
