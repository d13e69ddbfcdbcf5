"""Rises among the last n candles, and whether they come in longer or shorter runs than by chance.

A candle is a rise if its close is above the one before. up_share = rises / n; unchanged_share = candles whose close is
that before / n; runs_zscore = (u - m) / s with u the stretches of rises and of others among the n, m = 2 k (n - k) / n
+ 1 and s^2 = (m - 1) (m - 2) / (n - 1) their mean and variance by chance, k being the rises: below 0 where runs are
longer. Undefined where s is 0: all candles are rises, or none, or one of two.

Source: Wald, Wolfowitz, On a test whether two samples are from the same population (1940). Inputs: close. Warm-up: n +
1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    floats, ints = 2 * n + 1, n + 4
    gain, before, at = c.gain[t], c.gain[t - 1], c.index[t]
    rise = gain if gain != gain else 1.0 if gain > 0.0 else 0.0
    other = gain if gain != gain else 1.0 if gain == 0.0 else 0.0
    turn = before if before != before else 1.0 if (gain > 0.0) != (before > 0.0) else 0.0
    rises = window_sum(f, i, 0, 0, n, at, rise)
    o[0] = rises / n
    o[1] = window_sum(f, i, floats, ints, n, at, other) / n
    stretches = 1.0 + window_sum(f, i, 2 * floats, 2 * ints, n - 1, at, turn)
    mean = 2.0 * rises * (n - rises) / n + 1.0
    variance = (mean - 1.0) * (mean - 2.0) / (n - 1.0)
    if variance > 0.0:
        o[2] = (stretches - mean) / math.sqrt(variance)


FAMILY = FeatureFamily(
    name="runs",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 50, 5, 1000, "candles of the window"),),
    outputs=(
        FeatureOutput("up_share", "share of candles that rose", "fraction", low=0, high=1),
        FeatureOutput(
            "unchanged_share", "share of candles with the close of the one before", "fraction", low=0, high=1
        ),
        FeatureOutput("runs_zscore", "runs of rises and others against chance, in standard deviations", "1"),
    ),
    variants=((20,), (50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
