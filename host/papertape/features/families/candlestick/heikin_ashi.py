"""Heikin-Ashi candles: averaged candles that show the run of the market.

ha_close = (open + high + low + close) / 4; ha_open = (ha_open' + ha_close') / 2 of the candle before, at first (open +
close) / 2; ha_high, ha_low = highest and lowest of high or low, ha_open and ha_close. Of these:

- ha_body = (ha_close - ha_open) / (ha_high - ha_low), ha_upper_wick and ha_lower_wick the wicks against the same; 0
  where there is no range.
- ha_change = ha_close / ha_open - 1.
- ha_direction = 1 where ha_close is above ha_open, -1 below; 0 where they are within 1e-9 of the close.
- ha_run = candles in a row of this direction, this one included, times the direction; held within -20 and 20.

Source: Valcu, Using the Heikin-Ashi technique, Technical Analysis of Stocks and Commodities 22(2), 2004. Others begin
with ha_open = open; after the warm-up it is the same. Inputs: open, high, low, close. Warm-up: 87 candles: the open's
past fades by half each candle, here to 1e-20, as thin candles magnify it; then 20 of a run.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.primitives.warmup import fading_warmup

BAND = 1e-9
"""Open and close closer than this, as a fraction of the close, take no side."""
LONGEST = 20
"""Candles that a run counts at most."""


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    start = (f[0] + f[1]) / 2.0 if i[0] == 1 else (c.open[t] + c.close[t]) / 2.0
    end = (c.open[t] + c.high[t] + c.low[t] + c.close[t]) / 4.0
    high, low = max(c.high[t], start, end), min(c.low[t], start, end)
    size = high - low
    f[0], f[1] = start, end
    i[0] = 1
    side = 0
    if abs(end - start) > BAND * c.close[t]:
        side = 1 if end > start else -1
    run = i[1] + side if i[1] * side > 0 else side
    i[1] = max(-LONGEST, min(LONGEST, run))
    o[0] = start
    o[1] = high
    o[2] = low
    o[3] = end
    for k in range(4, 7):
        o[k] = 0.0
    if size > 0.0:
        o[4] = (end - start) / size
        o[5] = (high - max(start, end)) / size
        o[6] = (min(start, end) - low) / size
    o[7] = end / start - 1.0
    o[8] = side
    o[9] = i[1]


FAMILY = FeatureFamily(
    name="heikin_ashi",
    category="candlestick",
    memory="decaying",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("ha_open", "Heikin-Ashi open", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("ha_high", "Heikin-Ashi high", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("ha_low", "Heikin-Ashi low", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("ha_close", "Heikin-Ashi close", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("ha_body", "Heikin-Ashi body, signed, as a share of its range", "fraction", low=-1, high=1),
        FeatureOutput("ha_upper_wick", "Heikin-Ashi upper wick as a share of its range", "fraction", low=0, high=1),
        FeatureOutput("ha_lower_wick", "Heikin-Ashi lower wick as a share of its range", "fraction", low=0, high=1),
        FeatureOutput("ha_change", "Heikin-Ashi close above its open", "fraction", low=-1),
        FeatureOutput("ha_direction", "1 rising, -1 falling, 0 neither", "sign", low=-1, high=1),
        FeatureOutput("ha_run", "candles in a row of one direction", "candles", low=-LONGEST, high=LONGEST),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: fading_warmup(0.5, 1, 1e-20) + LONGEST,
    floats=lambda: 2,
    ints=lambda: 2,
)
