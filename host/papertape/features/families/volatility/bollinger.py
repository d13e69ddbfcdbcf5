"""Bollinger bands: where the close stands between them, and how wide they are.

bb_middle = mean of the last n closes, s = their standard deviation (population); bb_upper and bb_lower = bb_middle +- k
s; bb_position = (close - lower) / (upper - lower), 0.5 where the bands meet; bb_width = 2 k s / middle.

Source: Bollinger, Bollinger on Bollinger Bands (2001); TA-Lib, BBANDS. Inputs: close. Warm-up: n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    mean, squares = window_moments(f, i, 0, 0, n, c.index[t], c.close[t])
    half = p[1] * math.sqrt(squares / n)
    o[0] = mean + half
    o[1] = mean
    o[2] = mean - half
    o[3] = 0.5 if half == 0.0 else 0.5 + (c.close[t] - mean) / (2.0 * half)
    o[4] = 2.0 * half / mean


FAMILY = FeatureFamily(
    name="bollinger",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 20, 2, 1000, "candles of the mean"),
        FeatureParameter("k", 2.0, 0.1, 10, "standard deviations from the mean to a band"),
    ),
    outputs=(
        FeatureOutput("bb_upper", "upper band", "quote currency", scale="close", level=True),
        FeatureOutput("bb_middle", "mean of the close", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("bb_lower", "lower band", "quote currency", scale="close", level=True),
        FeatureOutput("bb_position", "where the close stands between the bands, 0 the lower, 1 the upper", "fraction"),
        FeatureOutput("bb_width", "distance of the bands, against the mean", "fraction", low=0),
    ),
    variants=((10, 2), (20, 2), (50, 2)),
    step=step,
    definition=__doc__,
    warmup=lambda n, k: int(n),
    floats=lambda n, k: moments_floats(n),
    ints=lambda n, k: window_ints(n),
)
