"""Slow stochastic: where the close stands in the range of the last n candles, smoothed twice.

fast = 100 (close - lowest low) / (highest high - lowest low) over n candles, 0 where the range is none; stoch_k = mean
of the last k fasts, stoch_d = mean of the last d stoch_k, stoch_hist = stoch_k - stoch_d.

Source: Lane, Lane's Stochastics (1984); TA-Lib, STOCH with simple averages; 14, 3, 3 as charts have it (TA-Lib's own
defaults are 5, 3, 3). Inputs: high, low, close. Warm-up: n + k + d - 2 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.stochf import place_in_range
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, k, d = int(p[0]), int(p[1]), int(p[2])
    fast = place_in_range(f, i, 0, 0, n, c, t)
    slow = window_sum(f, i, 4 * n + 2, 2 * n + 8, k, c.index[t], fast) / k
    signal = window_sum(f, i, 4 * n + 2 * k + 3, 2 * n + k + 12, d, c.index[t], slow) / d
    o[0] = slow
    o[1] = signal
    o[2] = slow - signal


FAMILY = FeatureFamily(
    name="stoch",
    category="momentum",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 14, 1, 1000, "candles of the range"),
        FeatureParameter("k", 3, 1, 200, "candles of the first mean"),
        FeatureParameter("d", 3, 1, 200, "values of the second mean"),
    ),
    outputs=(
        FeatureOutput("stoch_k", "place of the close in the range, smoothed", "0..100", low=0, high=100, scale=100),
        FeatureOutput("stoch_d", "mean of stoch_k", "0..100", low=0, high=100, scale=100),
        FeatureOutput("stoch_hist", "stoch_k less stoch_d", "-100..100", low=-100, high=100, scale=100),
    ),
    variants=((5, 3, 3), (14, 3, 3), (50, 10, 10)),
    step=step,
    definition=__doc__,
    warmup=lambda n, k, d: int(n + k + d) - 2,
    floats=lambda n, k, d: 2 * sum_floats(n) + sum_floats(k) + sum_floats(d),
    ints=lambda n, k, d: 2 * window_ints(n) + window_ints(k) + window_ints(d),
)
