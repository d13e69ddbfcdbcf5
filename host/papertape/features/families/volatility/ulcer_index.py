"""Ulcer index: how deep and how long the close is below its recent high.

d = close / highest close of the last n - 1; ulcer_index = sqrt(mean of the last n d^2).

Source: Martin, McCann, The Investor's Guide to Fidelity Funds (1989), as StockCharts computes it, but as a fraction,
not in percent. Libraries that look for the highest close within the averaged window alone (Skender) differ. Inputs:
close. Warm-up: 2 n - 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    fall = c.close[t] / window_highest(f, i, 0, 0, n, c.index[t], c.close[t]) - 1.0
    o[0] = math.sqrt(window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], fall * fall) / n)


FAMILY = FeatureFamily(
    name="ulcer_index",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 14, 2, 1000, "candles"),),
    outputs=(
        FeatureOutput(
            "ulcer_index", "root mean square of the falls from the high", "fraction", low=0, high=1, scale=0.01
        ),
    ),
    variants=((14,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 2 * int(n) - 1,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
