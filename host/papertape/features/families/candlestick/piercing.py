"""Piercing line, dark cloud cover and the necklines: how far a candle comes back into the long one before.

A body is long above the mean of the 10 before; prices are equal within a twentieth of the recent range (mean of the 5
before). The first candle is long, the second of the other colour.

- cdl_piercing (bullish): black, then a long white one that opens below its low and closes above the middle of its body,
  below its open.
- cdl_dark_cloud_cover (bearish): white, then a black one that opens above its high and closes below the middle of its
  body, above its open.
- Black, then a white one that opens below its low (all bearish): cdl_on_neck closes equal to its low; cdl_in_neck
  closes at its close or equal above; cdl_thrusting closes above that, up to the middle of its body.

Strength: 0 where the pattern is not, else from 0.5 to 1: by the second body against the first; negative where bearish.

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDLPIERCING, CDLDARKCLOUDCOVER, CDLONNECK,
CDLINNECK, CDLTHRUSTING (penetration 0.5): there, and of that sign, where they are. Inputs: open, high, low, close.
Warm-up: 12 candles. Range: -1 to 1. All need a gap, so they are rare on markets that never close.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import body, clarity, colour, equal, usual_body


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for k in range(5):
        o[k] = 0.0
    size, first, side = body(c, t), body(c, t - 1), colour(c, t)
    close, before = c.close[t], c.close[t - 1]
    if colour(c, t - 1) == side:
        return
    if side < 0.0:
        covers = c.open[t] > c.high[t - 1] and close > c.open[t - 1] and close < before - first * 0.5
        if covers and first > usual_body(c, t - 1):
            o[1] = -clarity(size, first)
        return
    if not c.open[t] < c.low[t - 1] or not first > usual_body(c, t - 1):
        return
    strength, same = clarity(size, first), equal(c, t - 1)
    if close < c.open[t - 1] and close > before + first * 0.5 and size > usual_body(c, t):
        o[0] = strength
    if close <= c.low[t - 1] + same and close >= c.low[t - 1] - same:
        o[2] = -strength
    if close <= before + same and close >= before:
        o[3] = -strength
    if close > before + same and close <= before + first * 0.5:
        o[4] = -strength


FAMILY = FeatureFamily(
    name="piercing_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_piercing", "from below back above the middle of a black body", "strength", low=0, high=1),
        FeatureOutput(
            "cdl_dark_cloud_cover", "from above back below the middle of a white body", "strength", low=-1, high=0
        ),
        FeatureOutput("cdl_on_neck", "from below back to the low of a black candle", "strength", low=-1, high=0),
        FeatureOutput("cdl_in_neck", "from below back to the close of a black candle", "strength", low=-1, high=0),
        FeatureOutput("cdl_thrusting", "from below up to the middle of a black body", "strength", low=-1, high=0),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 12,
    reach=lambda: 12,
)
