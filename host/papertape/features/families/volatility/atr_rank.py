"""Rank of the average true range: the share of recent ones that were lower.

x = mean of the last n true ranges / close; atr_rank = (how many of the m x before are below x + half of those equal to
it) / m; equal is within 1e-9 of x. The mean is the plain one, as a rank of fading averages would hang on rounding.

Source: `atr` and `volatility_rank`. Inputs: high, low, close. Warm-up: n + m + 1 candles. Unit: 0 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.volatility_rank import rank
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    x = window_sum(f, i, 0, 0, n, c.index[t], c.span[t]) / n / c.close[t]
    o[0] = rank(f, i, 2 * n + 1, n + 4, int(p[1]), x)


FAMILY = FeatureFamily(
    name="atr_rank",
    category="volatility",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 14, 1, 1000, "true ranges of an average"),
        FeatureParameter("m", 100, 2, 250, "averages before"),
    ),
    outputs=(FeatureOutput("atr_rank", "share of true ranges before that were lower", "fraction", low=0, high=1),),
    variants=((5, 50), (14, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: int(n) + int(m) + 1,
    reach=lambda n, m: 2,
    floats=lambda n, m: sum_floats(n) + int(m),
    ints=lambda n, m: window_ints(n) + 2,
)
