"""Ljung-Box statistic of the log returns of the last candles: whether they go with earlier ones at all.

ljung_box = n (n + 2) * sum over k = 1 .. lags of r_k^2 / (n - k), r_k being `autocorrelation` of n pairs at lag k. For
independent returns it is about chi-squared with `lags` degrees of freedom: above 11 is rare for 5. Each r_k is of n
pairs with means of their own, where Ljung and Box have n - k pairs and one mean.

Source: Ljung, Box, On a measure of lack of fit in time series models (1978). Inputs: close. Warm-up: n + lags + 1
candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, lags = int(p[0]), int(p[1])
    total = 0.0
    for lag in range(1, lags + 1):
        a, b = (lag - 1) * (7 * n + 5), (lag - 1) * (n + 4)
        _, xx, _, yy, xy = window_comoments(f, i, a, b, n, c.index[t], c.gain[t - lag], c.gain[t])
        r = correlation(xx, yy, xy)
        total += r * r / (n - lag)
    o[0] = n * (n + 2.0) * total


FAMILY = FeatureFamily(
    name="ljung_box",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 100, 30, 1000, "pairs of returns at each lag"),
        FeatureParameter("lags", 5, 1, 20, "lags that are taken together"),
    ),
    outputs=(FeatureOutput("ljung_box", "how far returns are from independent of earlier ones", "1", low=0),),
    variants=((50, 5), (200, 5)),
    step=step,
    definition=__doc__,
    warmup=lambda n, lags: int(n + lags) + 1,
    reach=lambda n, lags: int(lags) + 1,
    floats=lambda n, lags: int(lags) * comoments_floats(n),
    ints=lambda n, lags: int(lags) * window_ints(n),
)
