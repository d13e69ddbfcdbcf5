"""A candle against the one before: inside bar, outside bar, and how their ranges lie.

- inside_bar: high not above and low not below those before, not both the same; from 0.5 to 1 by the range that is left
  over against this one.
- outside_bar: high above and low below those before; from 0.5 to 1 by what is beyond against the range before; positive
  where it closes at its open or above, else negative.
- range_overlap = the part that both ranges share / the part that either covers; 1 where both are the same price, 0
  where they are apart.
- close_in_previous_range = (close - low before) / (high before - low before) - 0.5, held within -2 and 2; 0 where the
  candle before has no range.

Source: our own definition. Inputs: open, high, low, close. Warm-up: 2 candles. Range: as said.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import clarity, colour


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    high, low = c.high[t - 1], c.low[t - 1]
    size, before = c.high[t] - c.low[t], high - low
    o[0] = 0.0
    o[1] = 0.0
    if c.high[t] <= high and c.low[t] >= low and size < before:
        o[0] = clarity(before - size, size)
    if c.high[t] > high and c.low[t] < low:
        o[1] = colour(c, t) * clarity(size - before, before)
    both = max(0.0, min(c.high[t], high) - max(c.low[t], low))
    either = max(c.high[t], high) - min(c.low[t], low)
    o[2] = both / either if either > 0.0 else 1.0
    o[3] = max(-2.0, min(2.0, (c.close[t] - low) / before - 0.5)) if before > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="candle_pair",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("inside_bar", "range within the one before", "strength", low=0, high=1),
        FeatureOutput("outside_bar", "range around the one before", "strength", low=-1, high=1),
        FeatureOutput("range_overlap", "share of both ranges that both cover", "fraction", low=0, high=1),
        FeatureOutput(
            "close_in_previous_range", "close from the middle of the range before", "fraction", low=-2, high=2
        ),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 2,
    reach=lambda: 2,
)
