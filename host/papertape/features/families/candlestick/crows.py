"""Three black crows and identical three crows: falls of three black candles that close at their lows.

Three black candles without lower wicks (below a tenth of the usual range, mean of the 10 candles before), each closing
below the one before.

- cdl_three_black_crows (bearish): a white candle before, whose high is above the first close; the second and third open
  within the body before.
- cdl_identical_three_crows (bearish): the second and third open at the close before, equal within a twentieth of the
  recent range (mean of the 5 before).

Strength: 0 where the pattern is not, else from -0.5 to -1 by the three bodies against three usual ones.

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDL3BLACKCROWS, CDLIDENTICAL3CROWS: there where
they are. Inputs: open, high, low, close. Warm-up: 14 candles. Range: -1 to 0.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import colour, equal, force, lower, tiny


@kernel
def opens_within(c: Columns, t: int) -> bool:
    """Whether candle t opens within the black body before."""
    return bool(c.open[t] < c.open[t - 1] and c.open[t] > c.close[t - 1])


@kernel
def opens_at_close(c: Columns, t: int) -> bool:
    """Whether candle t opens at the close before."""
    same = equal(c, t - 1)
    return bool(c.open[t] >= c.close[t - 1] - same and c.open[t] <= c.close[t - 1] + same)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = 0.0
    o[1] = 0.0
    if colour(c, t) > 0.0 or colour(c, t - 1) > 0.0 or colour(c, t - 2) > 0.0:
        return
    if not (c.close[t - 2] > c.close[t - 1] and c.close[t - 1] > c.close[t]):
        return
    if not (lower(c, t - 2) < tiny(c, t - 2) and lower(c, t - 1) < tiny(c, t - 1) and lower(c, t) < tiny(c, t)):
        return
    if colour(c, t - 3) > 0.0 and c.high[t - 3] > c.close[t - 2] and opens_within(c, t - 1) and opens_within(c, t):
        o[0] = -force(c, t, 3)
    if opens_at_close(c, t - 1) and opens_at_close(c, t):
        o[1] = -force(c, t, 3)


FAMILY = FeatureFamily(
    name="crow_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_three_black_crows", "three strong black candles", "strength", low=-1, high=0),
        FeatureOutput(
            "cdl_identical_three_crows", "three black candles, each opening at the close before", "strength", -1, 0
        ),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 14,
    reach=lambda: 14,
)
