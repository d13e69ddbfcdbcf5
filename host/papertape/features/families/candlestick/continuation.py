"""Rests: a move, candles against it or beside it, and the move again (or what undoes the rest at once).

Long and short bodies: above, below the mean of the 10 before. Near, equal: 0.2, 0.05 of the recent range (mean of the 5
before). Sides are those of a rising pattern; falling ones are mirrored.

- cdl_three_methods: a long white candle; three short black ones that overlap its range, the later two each closing
  lower; a long white one that opens above the last close and closes above the first.
- cdl_three_line_strike: three white candles with rising closes, the second and third opening within the body before or
  near it; a black one that opens above the last close and closes below the first open. Signed as the three.
- cdl_separating_lines: a black candle, then a long white one without a lower wick (a tenth of the usual range) that
  opens at the same price, equal.
- cdl_tasuki_gap: two bodies with a gap up between them, the second white; a black one, near the second in size, that
  opens within the second's body and closes below it, within the gap.
- cdl_side_gap_three_methods: two white candles with a gap up between their bodies; a black one that opens within the
  second body and closes within the first.
- cdl_side_by_side_white: two white candles of nearly equal size and equal opens, both bodies beyond the body before, up
  or down; signed as the gap.

Strength: 0 where the pattern is not, else from 0.5 to 1 by the pattern's bodies against as many usual ones before it,
times the side.

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDLRISEFALL3METHODS, CDL3LINESTRIKE,
CDLSEPARATINGLINES, CDLTASUKIGAP, CDLXSIDEGAP3METHODS, CDLGAPSIDESIDEWHITE: there, and of that sign, where they are.
Inputs: open, high, low, close. Warm-up: 15 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import (
    body,
    bottom,
    colour,
    equal,
    force,
    gapped,
    lower,
    near,
    tiny,
    top,
    upper,
    usual_body,
)


@kernel
def rests_within(c: Columns, t: int, k: int) -> bool:
    """Whether candle t is short and its body overlaps the range of candle k."""
    return bottom(c, t) < c.high[k] and top(c, t) > c.low[k] and body(c, t) < usual_body(c, t)


@kernel
def three_methods(c: Columns, t: int) -> float:
    side = colour(c, t)
    if colour(c, t - 4) != side or colour(c, t - 3) == side or colour(c, t - 2) == side or colour(c, t - 1) == side:
        return 0.0
    if not (side * c.close[t - 2] < side * c.close[t - 3] and side * c.close[t - 1] < side * c.close[t - 2]):
        return 0.0
    if not (side * c.open[t] > side * c.close[t - 1] and side * c.close[t] > side * c.close[t - 4]):
        return 0.0
    long = body(c, t - 4) > usual_body(c, t - 4) and body(c, t) > usual_body(c, t)
    small = rests_within(c, t - 3, t - 4) and rests_within(c, t - 2, t - 4) and rests_within(c, t - 1, t - 4)
    return side * force(c, t, 5) if long and small else 0.0


@kernel
def opens_by(c: Columns, t: int) -> bool:
    """Whether candle t opens within the body before, or near it."""
    reach = near(c, t - 1)
    return bool(c.open[t] >= bottom(c, t - 1) - reach and c.open[t] <= top(c, t - 1) + reach)


@kernel
def three_line_strike(c: Columns, t: int) -> float:
    side = colour(c, t - 1)
    if colour(c, t) == side or colour(c, t - 2) != side or colour(c, t - 3) != side:
        return 0.0
    if not (side * c.close[t - 1] > side * c.close[t - 2] and side * c.close[t - 2] > side * c.close[t - 3]):
        return 0.0
    strikes = side * c.open[t] > side * c.close[t - 1] and side * c.close[t] < side * c.open[t - 3]
    return side * force(c, t, 4) if strikes and opens_by(c, t - 2) and opens_by(c, t - 1) else 0.0


@kernel
def separating_lines(c: Columns, t: int) -> float:
    side = colour(c, t)
    if colour(c, t - 1) == side or not body(c, t) > usual_body(c, t):
        return 0.0
    same = equal(c, t - 1)
    if not (c.open[t] <= c.open[t - 1] + same and c.open[t] >= c.open[t - 1] - same):
        return 0.0
    wick = lower(c, t) if side > 0.0 else upper(c, t)
    return side * force(c, t, 2) if wick < tiny(c, t) else 0.0


@kernel
def tasuki_gap(c: Columns, t: int) -> float:
    side = colour(c, t - 1)
    if colour(c, t) == side or not gapped(c, t - 1, t - 2, side):
        return 0.0
    start, end = c.open[t], c.close[t]
    within = side * start < side * c.close[t - 1] and side * start > side * c.open[t - 1]
    edge = top(c, t - 2) if side > 0.0 else bottom(c, t - 2)
    if not within or not (side * end < side * c.open[t - 1] and side * end > side * edge):
        return 0.0
    return side * force(c, t, 3) if abs(body(c, t - 1) - body(c, t)) < near(c, t - 1) else 0.0


@kernel
def side_gap_three_methods(c: Columns, t: int) -> float:
    side = colour(c, t - 1)
    if colour(c, t - 2) != side or colour(c, t) == side or not gapped(c, t - 1, t - 2, side):
        return 0.0
    start, end = c.open[t], c.close[t]
    fills = start < top(c, t - 1) and start > bottom(c, t - 1) and end < top(c, t - 2) and end > bottom(c, t - 2)
    return side * force(c, t, 3) if fills else 0.0


@kernel
def side_by_side_white(c: Columns, t: int) -> float:
    if colour(c, t) < 0.0 or colour(c, t - 1) < 0.0:
        return 0.0
    side = 0.0
    if gapped(c, t - 1, t - 2, 1.0) and gapped(c, t, t - 2, 1.0):
        side = 1.0
    if gapped(c, t - 1, t - 2, -1.0) and gapped(c, t, t - 2, -1.0):
        side = -1.0
    if side == 0.0:
        return 0.0
    like, same = near(c, t - 1), equal(c, t - 1)
    sized = body(c, t) >= body(c, t - 1) - like and body(c, t) <= body(c, t - 1) + like
    level = c.open[t] >= c.open[t - 1] - same and c.open[t] <= c.open[t - 1] + same
    return side * force(c, t, 3) if sized and level else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = three_methods(c, t)
    o[1] = three_line_strike(c, t)
    o[2] = separating_lines(c, t)
    o[3] = tasuki_gap(c, t)
    o[4] = side_gap_three_methods(c, t)
    o[5] = side_by_side_white(c, t)


FAMILY = FeatureFamily(
    name="continuation_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_three_methods", "long candle, three short ones back, another long one", "strength", -1, 1),
        FeatureOutput("cdl_three_line_strike", "three candles one way, one back beyond them all", "strength", -1, 1),
        FeatureOutput("cdl_separating_lines", "opposite candles from the same open", "strength", low=-1, high=1),
        FeatureOutput("cdl_tasuki_gap", "gap, and a candle back into it", "strength", low=-1, high=1),
        FeatureOutput("cdl_side_gap_three_methods", "gap, and a candle that closes it", "strength", low=-1, high=1),
        FeatureOutput("cdl_side_by_side_white", "gap, then two like white candles", "strength", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 15,
    reach=lambda: 15,
)
