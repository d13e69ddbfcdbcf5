"""KDJ: the fast stochastic smoothed twice as Wilder smooths, and what the first leads the second by.

fast = 100 (close - lowest low) / (highest high - lowest low) over n candles, 0 where the range is none; kdj_k moves
1 / a of the way to fast, kdj_d moves 1 / b of the way to kdj_k; kdj_j = 3 kdj_k - 2 kdj_d.

Source: TA-Lib, KDJ. Inputs: high, low, close. Warm-up: until the seeds' weights are below 1e-11.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.stochf import place_in_range
from papertape.features.primitives.smoothing import wilder
from papertape.features.primitives.warmup import wilder_warmup
from papertape.features.primitives.windows import sum_floats, window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    fast = wilder(f, i, 0, 0, int(p[1]), place_in_range(f, i, 2, 2, int(p[0]), c, t))
    slow = wilder(f, i, 1, 1, int(p[2]), fast)
    o[0] = fast
    o[1] = slow
    o[2] = 3.0 * fast - 2.0 * slow


FAMILY = FeatureFamily(
    name="kdj",
    category="momentum",
    memory="decaying",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 9, 1, 1000, "candles of the range"),
        FeatureParameter("a", 3, 2, 200, "candles of the first average"),
        FeatureParameter("b", 3, 2, 200, "candles of the second average"),
    ),
    outputs=(
        FeatureOutput("kdj_k", "place of the close in the range, smoothed", "0..100", 0, 100, scale=100),
        FeatureOutput("kdj_d", "average of kdj_k", "0..100", 0, 100, scale=100),
        FeatureOutput("kdj_j", "kdj_k beyond kdj_d, twice", "-200..300", -200, 300, scale=100),
    ),
    variants=((9, 3, 3), (34, 8, 8)),
    step=step,
    definition=__doc__,
    warmup=lambda n, a, b: int(n) + wilder_warmup(max(a, b), 2, 1e-11),
    floats=lambda n, a, b: 2 + 2 * sum_floats(n),
    ints=lambda n, a, b: 2 + 2 * window_ints(n),
)
