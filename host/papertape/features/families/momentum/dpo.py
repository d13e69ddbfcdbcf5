"""Detrended price oscillator: a close of half a window ago against the mean of the whole window.

dpo = close n // 2 + 1 candles ago - mean of the last n closes; dpo_pct = dpo / that mean.

Source: TA-Lib, DPO (which, unlike charts that shift it to the left, uses past closes alone). Inputs: close. Warm-up:
max(n, n // 2 + 2) candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    mean = window_sum(f, i, 0, 0, n, c.index[t], c.close[t]) / n
    o[0] = c.close[t - n // 2 - 1] - mean
    o[1] = o[0] / mean


FAMILY = FeatureFamily(
    name="dpo",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of the mean"),),
    outputs=(
        FeatureOutput("dpo", "close half a window ago less the mean", "quote currency", scale="close", level=True),
        FeatureOutput("dpo_pct", "close half a window ago above the mean", "fraction", low=-1),
    ),
    variants=((20,), (50,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: max(int(n), int(n) // 2 + 2),
    reach=lambda n: int(n) // 2 + 2,
    floats=sum_floats,
    ints=window_ints,
)
