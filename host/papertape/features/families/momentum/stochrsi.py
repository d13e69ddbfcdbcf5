"""Stochastic of the relative strength index: where it stands in its own range of the last k candles.

stochrsi_k = 100 (rsi - lowest) / (highest - lowest), rsi over n candles, highest and lowest of it over k; stochrsi_d =
mean of the last d stochrsi_k. 0 where the range is below 1e-4 points.

Source: Chande and Kroll, The New Technical Trader (1994); TA-Lib, STOCHRSI. Inputs: close. Warm-up: as rsi, to
1e-11, since the range may be narrow, and k + d - 2 candles. Unlike TA-Lib's, a range that is only rounding is none: the
declared 1e-4 of the 100 points.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.rsi import relative_strength, rsi_warmup
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest, window_sum

NARROW = 1e-4


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, k, d = int(p[0]), int(p[1]), int(p[2])
    rsi = relative_strength(f, i, 0, 0, n, c.close[t] - c.close[t - 1])
    highest = window_highest(f, i, 2, 3, k, c.index[t], rsi)
    lowest = window_lowest(f, i, 2 * k + 3, k + 7, k, c.index[t], rsi)
    width = highest - lowest
    if width == width:
        o[0] = 100.0 * (rsi - lowest) / width if width >= NARROW else 0.0
    o[1] = window_sum(f, i, 4 * k + 4, 2 * k + 11, d, c.index[t], o[0]) / d


FAMILY = FeatureFamily(
    name="stochrsi",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 14, 2, 500, "candles of the index"),
        FeatureParameter("k", 5, 2, 500, "candles of its range"),
        FeatureParameter("d", 3, 1, 200, "values of the mean"),
    ),
    outputs=(
        FeatureOutput("stochrsi_k", "place of the index in its own range", "0..100", 0, 100, scale=100),
        FeatureOutput("stochrsi_d", "mean of stochrsi_k", "0..100", 0, 100, scale=100),
    ),
    variants=((14, 5, 3), (14, 14, 3), (21, 50, 5)),
    step=step,
    definition=__doc__,
    warmup=lambda n, k, d: rsi_warmup(n, 1e-11) + int(k + d) - 2,
    reach=lambda n, k, d: 2,
    floats=lambda n, k, d: 2 + 2 * sum_floats(k) + sum_floats(d),
    ints=lambda n, k, d: 3 + 2 * window_ints(k) + window_ints(d),
)
