"""Patterns that need gaps which markets that never close hardly make; kept for others, and to compare with TA-Lib.

Long and short bodies: above, below the mean of the 10 before (short also at it). A doji's body and no wick: at most, or
below, a tenth of the usual range. Equal: within a twentieth of the recent range (mean of the 5 before).

- cdl_abandoned_baby: as a morning or evening star with a doji, but the star's whole range stands off both neighbours.
- cdl_kicking: two long bodies without wicks of opposite colours, the second's range beyond the first's; signed as the
  second. cdl_kicking_by_length: the same, signed as the longer body.
- cdl_breakaway: a long candle, a second beyond it in body, two more with further highs and lows, the last of the same
  colour; then one of the other colour that closes back in the gap. Signed as the last.
- cdl_counter_attack: two long candles of opposite colours with equal closes; signed as the second.
- cdl_mat_hold (bullish): a long white candle; a short black one, the body above; two short ones, each body lower, below
  the first close, but not more than half into the first body; a white one that opens above the last close and closes
  above the highs between.
- cdl_two_crows, cdl_upside_gap_two_crows (bearish): a long white candle; a black body above it; a second black one that
  opens above the close and below the open of the first and closes within the white body; or (the first one short)
  engulfs the first and closes above the white body.
- cdl_concealing_baby_swallow (bullish): two black candles without wicks; a black body below them whose upper wick
  reaches into the second; a black candle around its whole range.
- cdl_three_stars_in_south (bullish): a long black candle with a lower wick longer than its body; a smaller black one
  that opens above the first close and keeps above the first low, with a lower wick; a short black one without wicks
  within its range.

Strength: 0 where the pattern is not, else from 0.5 to 1 by the pattern's bodies against as many usual ones before it,
negative where bearish. In 566,000 hourly candles, most of perpetual futures, abandoned baby, kicking, mat hold, upside
gap two crows and concealing baby swallow never come, the others up to five times: so these are not among the scale-free
features of the catalogue and stand beside the levels.

Source: Nison, Beyond Candlesticks (1994); TA-Lib, CDLABANDONEDBABY (penetration 0.3), CDLKICKING, CDLKICKINGBYLENGTH,
CDLBREAKAWAY, CDLCOUNTERATTACK, CDLMATHOLD (penetration 0.5), CDL2CROWS, CDLUPSIDEGAP2CROWS, CDLCONCEALBABYSWALL,
CDL3STARSINSOUTH: there, and of that sign, where they are. Inputs: open, high, low, close. Warm-up: 15 candles.
Range: -1 to 1.
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
    tiny,
    top,
    upper,
    usual_body,
)


@kernel
def apart(c: Columns, t: int, k: int, side: float) -> bool:
    """Whether the range of candle t lies wholly above (side 1) or below (side -1) that of candle k."""
    if side > 0.0:
        return bool(c.low[t] > c.high[k])
    return bool(c.high[t] < c.low[k])


@kernel
def bare(c: Columns, t: int) -> bool:
    """Whether candle t has no wicks."""
    none = tiny(c, t)
    return upper(c, t) < none and lower(c, t) < none


@kernel
def abandoned_baby(c: Columns, t: int) -> float:
    side = colour(c, t)
    if colour(c, t - 2) == side or not apart(c, t - 1, t - 2, -side) or not apart(c, t, t - 1, side):
        return 0.0
    first = body(c, t - 2)
    back = side * c.close[t] > side * (c.close[t - 2] + side * first * 0.3)
    sized = first > usual_body(c, t - 2) and body(c, t - 1) <= tiny(c, t - 1) and body(c, t) > usual_body(c, t)
    return side * force(c, t, 3) if back and sized else 0.0


@kernel
def kicking(c: Columns, t: int) -> float:
    side = colour(c, t)
    if colour(c, t - 1) == side or not apart(c, t, t - 1, side):
        return 0.0
    long = body(c, t - 1) > usual_body(c, t - 1) and body(c, t) > usual_body(c, t)
    return side * force(c, t, 2) if long and bare(c, t - 1) and bare(c, t) else 0.0


@kernel
def breakaway(c: Columns, t: int) -> float:
    side = colour(c, t)
    if colour(c, t - 4) == side or colour(c, t - 3) == side or colour(c, t - 1) == side:
        return 0.0
    if not gapped(c, t - 3, t - 4, -side):
        return 0.0
    for k in range(t - 2, t):
        if not (side * c.high[k] < side * c.high[k - 1] and side * c.low[k] < side * c.low[k - 1]):
            return 0.0
    back = side * c.close[t] > side * c.open[t - 3] and side * c.close[t] < side * c.close[t - 4]
    return side * force(c, t, 5) if back and body(c, t - 4) > usual_body(c, t - 4) else 0.0


@kernel
def counter_attack(c: Columns, t: int) -> float:
    side = colour(c, t)
    if colour(c, t - 1) == side or not (body(c, t - 1) > usual_body(c, t - 1) and body(c, t) > usual_body(c, t)):
        return 0.0
    same = equal(c, t - 1)
    met = c.close[t] <= c.close[t - 1] + same and c.close[t] >= c.close[t - 1] - same
    return side * force(c, t, 2) if met else 0.0


@kernel
def mat_hold(c: Columns, t: int) -> float:
    if colour(c, t - 4) < 0.0 or colour(c, t - 3) > 0.0 or colour(c, t) < 0.0 or not gapped(c, t - 3, t - 4, 1.0):
        return 0.0
    start = c.close[t - 4]
    floor = start - body(c, t - 4) * 0.5
    for k in range(t - 2, t):
        if not (bottom(c, k) < start and bottom(c, k) > floor):
            return 0.0
    if not (top(c, t - 2) < c.open[t - 3] and top(c, t - 1) < top(c, t - 2)):
        return 0.0
    if not (c.open[t] > c.close[t - 1] and c.close[t] > max(c.high[t - 3], c.high[t - 2], c.high[t - 1])):
        return 0.0
    for k in range(t - 3, t):
        if not body(c, k) < usual_body(c, k):
            return 0.0
    return force(c, t, 5) if body(c, t - 4) > usual_body(c, t - 4) else 0.0


@kernel
def crows_above(c: Columns, t: int) -> bool:
    """Whether candle t - 2 is long and white, t - 1 black with its body above, and t black."""
    if colour(c, t - 2) < 0.0 or colour(c, t - 1) > 0.0 or colour(c, t) > 0.0 or not gapped(c, t - 1, t - 2, 1.0):
        return False
    return body(c, t - 2) > usual_body(c, t - 2)


@kernel
def concealing_baby_swallow(c: Columns, t: int) -> float:
    for k in range(t - 3, t + 1):
        if colour(c, k) > 0.0:
            return 0.0
    if not (gapped(c, t - 1, t - 2, -1.0) and c.high[t - 1] > c.close[t - 2]):
        return 0.0
    if not (c.high[t] > c.high[t - 1] and c.low[t] < c.low[t - 1] and upper(c, t - 1) > tiny(c, t - 1)):
        return 0.0
    return force(c, t, 4) if bare(c, t - 3) and bare(c, t - 2) else 0.0


@kernel
def three_stars_in_south(c: Columns, t: int) -> float:
    if colour(c, t) > 0.0 or colour(c, t - 1) > 0.0 or colour(c, t - 2) > 0.0:
        return 0.0
    first, second = body(c, t - 2), body(c, t - 1)
    if not (first > usual_body(c, t - 2) and lower(c, t - 2) > first and second < first):
        return 0.0
    if not (c.open[t - 1] > c.close[t - 2] and c.open[t - 1] <= c.high[t - 2]):
        return 0.0
    if not (c.low[t - 1] < c.close[t - 2] and c.low[t - 1] >= c.low[t - 2] and lower(c, t - 1) > tiny(c, t - 1)):
        return 0.0
    within = c.low[t] > c.low[t - 1] and c.high[t] < c.high[t - 1]
    return force(c, t, 3) if within and body(c, t) < usual_body(c, t) and bare(c, t) else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = abandoned_baby(c, t)
    o[1] = kicking(c, t)
    o[2] = o[1] if body(c, t) > body(c, t - 1) else -o[1] + 0.0
    o[3] = breakaway(c, t)
    o[4] = counter_attack(c, t)
    o[5] = mat_hold(c, t)
    o[6] = 0.0
    o[7] = 0.0
    if crows_above(c, t) and c.open[t] > c.close[t - 1]:
        if c.open[t] < c.open[t - 1] and c.close[t] > c.open[t - 2] and c.close[t] < c.close[t - 2]:
            o[6] = -force(c, t, 3)
        over = c.open[t] > c.open[t - 1] and c.close[t] < c.close[t - 1] and c.close[t] > c.close[t - 2]
        if over and body(c, t - 1) <= usual_body(c, t - 1):
            o[7] = -force(c, t, 3)
    o[8] = concealing_baby_swallow(c, t)
    o[9] = three_stars_in_south(c, t)


FAMILY = FeatureFamily(
    name="rare_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=tuple(
        FeatureOutput(name, description, "strength", low=low, high=high, level=True)
        for name, description, low, high in (
            ("cdl_abandoned_baby", "doji whose range stands off both neighbours", -1, 1),
            ("cdl_kicking", "opposite candles without wicks, a gap between", -1, 1),
            ("cdl_kicking_by_length", "the same, signed as the longer body", -1, 1),
            ("cdl_breakaway", "gap, three candles further, one back into the gap", -1, 1),
            ("cdl_counter_attack", "opposite long candles with the same close", -1, 1),
            ("cdl_mat_hold", "rise, gap, three short candles, rise", 0, 1),
            ("cdl_two_crows", "gap up, then two black candles back into the rise", -1, 0),
            ("cdl_upside_gap_two_crows", "gap up, then two black candles above the rise", -1, 0),
            ("cdl_concealing_baby_swallow", "four black candles, the last around the third", 0, 1),
            ("cdl_three_stars_in_south", "three black candles, each smaller", 0, 1),
        )
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 15,
    reach=lambda: 15,
)
