"""Fast stochastic: where the close stands in the range of the last n candles.

stochf_k = 100 (close - lowest low) / (highest high - lowest low) over n candles; 0 where the range is at most 1e-14 of
the sum of its ends, which is rounding (TA-Lib's dead band). stochf_d = mean of the last d stochf_k.

Source: TA-Lib, STOCHF with a simple average; 14, 3 as charts have it (TA-Lib's own defaults are 5, 3). Inputs: high,
low, close. Warm-up: n + d - 1 candles. stochf_k is willr + 100, and stochf_d_14_3 is stoch_k_14_3, so both are offered
by name alone.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest, window_sum

BAND = 1e-14


@kernel
def place_in_range(f: Any, i: Any, a: int, b: int, n: int, c: Columns, t: int) -> float:
    """Where the close stands in the range of n candles, 0..100; 4 n + 2 floats, 2 n + 8 ints."""
    highest = window_highest(f, i, a, b, n, c.index[t], c.high[t])
    lowest = window_lowest(f, i, a + 2 * n + 1, b + n + 4, n, c.index[t], c.low[t])
    width = (highest - lowest) / 100.0
    if width != width:
        return math.nan
    return (c.close[t] - lowest) / width if 100.0 * width > BAND * (highest + lowest) else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, d = int(p[0]), int(p[1])
    o[0] = place_in_range(f, i, 0, 0, n, c, t)
    o[1] = window_sum(f, i, 4 * n + 2, 2 * n + 8, d, c.index[t], o[0]) / d


FAMILY = FeatureFamily(
    name="stochf",
    category="momentum",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 14, 1, 1000, "candles of the range"),
        FeatureParameter("d", 3, 1, 200, "values of the mean"),
    ),
    outputs=(
        FeatureOutput("stochf_k", "place of the close in the range", "0..100", 0, 100, scale=100, level=True),
        FeatureOutput("stochf_d", "mean of stochf_k", "0..100", 0, 100, scale=100, level=True),
    ),
    variants=((14, 3),),
    step=step,
    definition=__doc__,
    warmup=lambda n, d: int(n + d) - 1,
    floats=lambda n, d: 2 * sum_floats(n) + sum_floats(d),
    ints=lambda n, d: 2 * window_ints(n) + window_ints(d),
)
