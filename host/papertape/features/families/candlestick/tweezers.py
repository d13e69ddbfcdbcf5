"""Tweezers: two candles of opposite colours that stop at the same price.

- Top (bearish): white, then black, their highs equal, and neither below the highs of the 5 candles before them.
- Bottom (bullish): black, then white, their lows equal, and neither above the lows of the 5 candles before them.

Equal: within a twentieth of the recent range (mean of the 5 candles before the second). White closes at its open or
above. Strength: 0 where the pattern is not, else from 0.5 to 1 by the two bodies against two usual ones (means of the
10 candles before); positive for a bottom.

Source: Nison, Japanese Candlestick Charting Techniques (1991), who asks for two or more candles with the same high or
low at the end of a move; the measure of the same is TA-Lib's for equal prices. TA-Lib has no such pattern.
Inputs: open, high, low, close. Warm-up: 12 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import colour, equal, force

BEFORE = 5
"""Candles that the two must not fall short of."""


@kernel
def meets(c: Columns, t: int, side: float) -> bool:
    """Whether candles t and t - 1 turn at one price: a low for side 1, a high for side -1."""
    here = c.low[t] if side > 0.0 else -c.high[t]
    before = c.low[t - 1] if side > 0.0 else -c.high[t - 1]
    if abs(here - before) > equal(c, t):
        return False
    for k in range(t - 1 - BEFORE, t - 1):
        if max(here, before) > (c.low[k] if side > 0.0 else -c.high[k]):
            return False
    return True


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    side = colour(c, t)
    o[0] = side * force(c, t, 2) if colour(c, t - 1) != side and meets(c, t, side) else 0.0


FAMILY = FeatureFamily(
    name="tweezers",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_tweezers", "opposite candles that stop at the same price", "strength", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 12,
    reach=lambda: 12,
)
