"""Variance of returns over q candles against q times that of one candle.

Over the last n candles with returns r, and sums x of q returns in a row that end at them: variance_ratio = mean of (x
- q m)^2 / (q s^2), m and s^2 being mean and variance (population) of r: 1 for independent returns, above it they go
on, below it they turn. Undefined where returns do not vary. Lo and MacKinlay's correction for small samples is left
out.

Source: Lo, MacKinlay, Stock market prices do not follow random walks (1988). Inputs: close. Warm-up: n + q candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, q = int(p[0]), int(p[1])
    long = 0.0
    for k in range(q):
        long += c.gain[t - k]
    mean, squares = window_moments(f, i, 0, 0, n, c.index[t], c.gain[t])
    mean_long, squares_long = window_moments(f, i, 3 * n + 2, n + 4, n, c.index[t], long)
    if squares > 0.0:
        o[0] = (squares_long + n * (mean_long - q * mean) ** 2) / (q * squares)


FAMILY = FeatureFamily(
    name="variance_ratio",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 100, 10, 1000, "returns of the window"),
        FeatureParameter("q", 2, 2, 100, "returns that are summed"),
    ),
    outputs=(FeatureOutput("variance_ratio", "variance of long returns against that of short ones", "1", low=0),),
    variants=((100, 2), (100, 5), (100, 10), (300, 20)),
    step=step,
    definition=__doc__,
    warmup=lambda n, q: int(n + q),
    reach=lambda n, q: int(q),
    floats=lambda n, q: 2 * moments_floats(n),
    ints=lambda n, q: 2 * window_ints(n),
)
