"""Bottoms: patterns of black candles that stop falling. All bullish.

Long and short bodies: above, below the mean of the 10 before. Equal: within a twentieth of the recent range (mean of
the 5 before). A wick is as good as none below a tenth of the usual range.

- cdl_matching_low: two black candles with equal closes.
- cdl_stick_sandwich: black, white, black, the last close equal to the first; the white one's low above that close.
- cdl_ladder_bottom: three black candles with falling opens and closes, a fourth with an upper wick, then a white one
  that opens above its open and closes above its high.
- cdl_unique_three_river: a long black candle; a black one within its body (its open included) with a lower low; a short
  white one that opens above that low.

Strength: 0 where the pattern is not, else from 0.5 to 1 by the pattern's bodies against as many usual ones before it.

Source: Nison, Beyond Candlesticks (1994); TA-Lib, CDLMATCHINGLOW, CDLSTICKSANDWICH, CDLLADDERBOTTOM, CDLUNIQUE3RIVER:
there where they are. Inputs: open, high, low, close. Warm-up: 15 candles. Range: 0 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import body, colour, equal, force, tiny, upper, usual_body


@kernel
def closes_at(c: Columns, t: int, k: int) -> bool:
    """Whether candle t closes where candle k did."""
    same = equal(c, k)
    return bool(c.close[t] <= c.close[k] + same and c.close[t] >= c.close[k] - same)


@kernel
def ladder_bottom(c: Columns, t: int) -> float:
    if colour(c, t) < 0.0 or not (c.open[t] > c.open[t - 1] and c.close[t] > c.high[t - 1]):
        return 0.0
    for k in range(t - 4, t):
        if colour(c, k) > 0.0:
            return 0.0
    for k in range(t - 4, t - 2):
        if not (c.open[k] > c.open[k + 1] and c.close[k] > c.close[k + 1]):
            return 0.0
    return force(c, t, 5) if upper(c, t - 1) > tiny(c, t - 1) else 0.0


@kernel
def unique_three_river(c: Columns, t: int) -> float:
    if colour(c, t) < 0.0 or colour(c, t - 1) > 0.0 or colour(c, t - 2) > 0.0:
        return 0.0
    if not (c.close[t - 1] > c.close[t - 2] and c.open[t - 1] <= c.open[t - 2] and c.low[t - 1] < c.low[t - 2]):
        return 0.0
    sized = body(c, t - 2) > usual_body(c, t - 2) and body(c, t) < usual_body(c, t)
    return force(c, t, 3) if sized and c.open[t] > c.low[t - 1] else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = 0.0
    o[1] = 0.0
    if colour(c, t) < 0.0:
        if colour(c, t - 1) < 0.0 and closes_at(c, t, t - 1):
            o[0] = force(c, t, 2)
        between = colour(c, t - 1) > 0.0 and colour(c, t - 2) < 0.0 and c.low[t - 1] > c.close[t - 2]
        if between and closes_at(c, t, t - 2):
            o[1] = force(c, t, 3)
    o[2] = ladder_bottom(c, t)
    o[3] = unique_three_river(c, t)


FAMILY = FeatureFamily(
    name="bottom_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_matching_low", "two black candles with the same close", "strength", low=0, high=1),
        FeatureOutput(
            "cdl_stick_sandwich", "a white candle between black ones of one close", "strength", low=0, high=1
        ),
        FeatureOutput("cdl_ladder_bottom", "four black candles, then a white one above", "strength", low=0, high=1),
        FeatureOutput("cdl_unique_three_river", "black, black within it but lower, short white", "strength", 0, 1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 15,
    reach=lambda: 15,
)
