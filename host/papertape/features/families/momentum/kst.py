"""Know sure thing: four smoothed rates of change in one, the longest weighing most.

roc_n = 100 (close / close n candles ago - 1); kst = mean_10(roc_10) + 2 mean_10(roc_15) + 3 mean_10(roc_20) + 4
mean_15(roc_30), kst_signal = mean_9(kst), kst_hist = kst - kst_signal.

Source: Pring, Summed Rate of Change (1992), the daily settings. Inputs: close. Warm-up: 53 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

SHORT = 10
LONG = 15
SIGNAL = 9


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    close, index = c.close[t], c.index[t]
    first = window_sum(f, i, 0, 0, SHORT, index, close / c.close[t - 10] - 1.0) / SHORT
    second = window_sum(f, i, 21, 14, SHORT, index, close / c.close[t - 15] - 1.0) / SHORT
    third = window_sum(f, i, 42, 28, SHORT, index, close / c.close[t - 20] - 1.0) / SHORT
    fourth = window_sum(f, i, 63, 42, LONG, index, close / c.close[t - 30] - 1.0) / LONG
    line = 100.0 * (first + 2.0 * second + 3.0 * third + 4.0 * fourth)
    signal = window_sum(f, i, 94, 61, SIGNAL, index, line) / SIGNAL
    o[0] = line
    o[1] = signal
    o[2] = line - signal


FAMILY = FeatureFamily(
    name="kst",
    category="momentum",
    memory="window",
    inputs=("close",),
    outputs=(
        FeatureOutput("kst", "weighted sum of four smoothed rates of change", "percent"),
        FeatureOutput("kst_signal", "mean of kst", "percent"),
        FeatureOutput("kst_hist", "kst less its signal", "percent"),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 53,
    reach=lambda: 31,
    floats=lambda: 3 * sum_floats(SHORT) + sum_floats(LONG) + sum_floats(SIGNAL),
    ints=lambda: 3 * window_ints(SHORT) + window_ints(LONG) + window_ints(SIGNAL),
)
