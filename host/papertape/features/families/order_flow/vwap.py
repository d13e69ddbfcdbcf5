"""Volume-weighted average price of the last n candles, and where the close stands to it.

With typical price p = (high + low + close) / 3: vwap = sum of volume p / volume, over n candles; vwap_distance =
close / vwap - 1; vwap_zscore = (close - vwap) / s, s being the standard deviation of p by volume, 0 where p does not
vary. NaN where there was no trade.

Source: Berkowitz, Logue, Noser, The total cost of transactions on the NYSE, Journal of Finance 43 (1988); TA-Lib, VWAP,
of the n candles alone, which gives a price of 0 where there was no trade. Inputs: high, low, close, volume. Warm-up:
n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.weighted_windows import weighted_floats, window_weighted
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    typical = (c.high[t] + c.low[t] + c.close[t]) / 3.0
    weight, mean, squares = window_weighted(f, i, 0, 0, int(p[0]), c.index[t], typical, c.volume[t])
    if weight > 0.0:
        deviation = math.sqrt(squares / weight)
        o[0] = mean
        o[1] = c.close[t] / mean - 1.0
        o[2] = (c.close[t] - mean) / deviation if deviation > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="vwap",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles of the average"),),
    outputs=(
        FeatureOutput("vwap", "volume-weighted average price", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("vwap_distance", "close above the volume-weighted average price", "fraction", low=-1),
        FeatureOutput("vwap_zscore", "the same in standard deviations by volume", "standard deviations"),
    ),
    variants=((10,), (20,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: weighted_floats(n),
    ints=lambda n: window_ints(n),
)
