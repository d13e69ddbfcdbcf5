"""Least-squares line through the last n closes: its slope, how well it fits, and the close against its forecast.

With x = 0 for the oldest close to n - 1 for the newest: linearreg_slope = sum of (x - mean x) (y - mean y) / sum of (x
- mean x)^2, linearreg_intercept = mean y - slope mean x, linearreg = its value at the newest candle, tsf = its value at
the next one, linearreg_angle = the slope's arc tangent in degrees: all follow the price. linreg_slope = slope / close,
per candle; linreg_r2 = the square of the correlation of x and y, 0 where the closes are all the same; price_vs_tsf =
close / tsf - 1.

Source: TA-Lib, LINEARREG, LINEARREG_SLOPE, LINEARREG_INTERCEPT, LINEARREG_ANGLE, TSF. Inputs: close. Warm-up: n
candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    newest = c.close[t]
    total = 0.0
    for k in range(n):
        total += c.close[t - k] - newest
    mean = total / n
    half = 0.5 * (n - 1.0)
    product = 0.0
    squares = 0.0
    for k in range(n):
        off = (c.close[t - k] - newest) - mean
        product += (half - k) * off
        squares += off * off
    width = n * (n * float(n) - 1.0) / 12.0
    slope = product / width
    now = newest + mean + slope * half
    o[0] = now
    o[1] = slope
    o[2] = newest + mean - slope * half
    o[3] = math.degrees(math.atan(slope))
    o[4] = now + slope
    o[5] = slope / newest
    o[6] = min(product / squares * slope, 1.0) if squares > 0.0 else 0.0
    o[7] = newest / (now + slope) - 1.0


PRICE = "quote currency"

FAMILY = FeatureFamily(
    name="linreg",
    category="trend",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 14, 3, 200, "candles that the line is fitted to"),),
    outputs=(
        FeatureOutput("linearreg", "the line at the newest candle", PRICE, scale="close", level=True),
        FeatureOutput("linearreg_slope", "rise of the line per candle", PRICE, scale="close", level=True),
        FeatureOutput("linearreg_intercept", "the line at the oldest candle", PRICE, scale="close", level=True),
        FeatureOutput(
            "linearreg_angle", "angle of the line in quote currency per candle", "degrees", -90, 90, 90, level=True
        ),
        FeatureOutput("tsf", "the line at the next candle", PRICE, scale="close", level=True),
        FeatureOutput("linreg_slope", "rise of the line per candle, against the close", "fraction per candle"),
        FeatureOutput("linreg_r2", "share of the closes' variance that the line explains", "fraction", low=0, high=1),
        FeatureOutput("price_vs_tsf", "close above the line's forecast for the next candle", "fraction"),
    ),
    variants=((14,), (30,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    reach=lambda n: int(n),
)
