"""Squeeze: Bollinger bands inside Keltner's, and the candle in which they come out.

squeeze_on = 1 where `bb_to_keltner` of n candles is below 1 - 1e-9, else 0, also where there is no range at all;
squeeze_release = 1 or -1 in the first candle after a squeeze, as the close is above or below its mean over n candles
(dead band 1e-9), else 0.

Source: Carter, Mastering the Trade (2005); he takes a momentum line for the side. Inputs: high, low, close. Warm-up: n
+ 2 candles. Unit: 0, 1; -1, 0, 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.band_ratio import band_floats, band_ints, bands

DEAD_BAND = 1e-9


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    mean, ratio = bands(f, i, 0, 1, int(p[0]), c.index[t], c.close[t], c.span[t])
    squeezed = 1 if ratio < 1.0 - DEAD_BAND else 0
    released = i[0] > squeezed
    i[0] = squeezed
    off = c.close[t] / mean - 1.0
    o[0] = float(squeezed)
    o[1] = 0.0
    if released and abs(off) > DEAD_BAND:
        o[1] = 1.0 if off > 0.0 else -1.0


FAMILY = FeatureFamily(
    name="squeeze",
    category="gating",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of both bands"),),
    outputs=(
        FeatureOutput("squeeze_on", "whether the Bollinger bands are inside Keltner's", "0, 1", low=0, high=1),
        FeatureOutput("squeeze_release", "side to which a squeeze ends in this candle", "-1, 0, 1", low=-1, high=1),
    ),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 2,
    reach=lambda n: 2,
    floats=band_floats,
    ints=lambda n: 1 + band_ints(n),
)
