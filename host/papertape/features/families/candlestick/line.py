"""Lines and tops: single candles by the size of body and wicks, signed by their colour.

Usual sizes are means of the 10 candles before; white (1) closes at its open or above, black is -1.

- cdl_spinning_top: body below the usual, both wicks longer than the body; strength by the shorter wick against it.
- cdl_high_wave: body below the usual, both wicks more than twice the body; by both wicks against the usual range.
- cdl_short_line: body below the usual, both wicks below the usual wick; by how far the body is below the usual.
- cdl_long_line: body above the usual, both wicks below the usual wick; by the body against the usual one.

Strength: 0 where the pattern is not, else from 0.5 to 1, times the colour.

Source: TA-Lib, CDLSPINNINGTOP, CDLHIGHWAVE, CDLSHORTLINE, CDLLONGLINE: there, and of that sign, where they are.
Inputs: open, high, low, close. Warm-up: 11 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import (
    body,
    clarity,
    colour,
    lower,
    upper,
    usual_body,
    usual_range,
    usual_wick,
)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for k in range(4):
        o[k] = 0.0
    size, over, under, side = body(c, t), upper(c, t), lower(c, t), colour(c, t)
    usual = usual_body(c, t)
    if size < usual:
        if over > size and under > size:
            o[0] = side * clarity(min(over, under), size)
        if over > 2.0 * size and under > 2.0 * size:
            o[1] = side * clarity(over + under, usual_range(c, t))
    if size != usual:
        short = usual_wick(c, t)
        if over < short and under < short:
            if size < usual:
                o[2] = side * clarity(usual - size, size)
            else:
                o[3] = side * clarity(size, usual)


FAMILY = FeatureFamily(
    name="line_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_spinning_top", "short body between longer wicks", "strength", low=-1, high=1),
        FeatureOutput("cdl_high_wave", "short body between very long wicks", "strength", low=-1, high=1),
        FeatureOutput("cdl_short_line", "short body, short wicks", "strength", low=-1, high=1),
        FeatureOutput("cdl_long_line", "long body, short wicks", "strength", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 11,
    reach=lambda: 11,
)
