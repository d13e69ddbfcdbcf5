"""Commodity channel index: how far the typical price is from its mean, in mean deviations.

price = (high + low + close) / 3; cci = (price - mean) / (0.015 deviation), over n candles, deviation = mean of |price -
mean|; 0 where the deviation is below 1e-12 of the mean.

Source: Lambert, Commodity Channel Index (1980); TA-Lib, CCI. Inputs: high, low, close. Warm-up: n candles. TA-Lib's
dead band is narrower: where prices differ by rounding alone it can give the ratio of two roundings.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel

BAND = 1e-12


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    mean = 0.0  # of three times the typical price: the threes cancel out
    for k in range(n):
        mean += c.high[t - k] + c.low[t - k] + c.close[t - k]
    mean /= n
    deviation = 0.0
    for k in range(n):
        deviation += abs(c.high[t - k] + c.low[t - k] + c.close[t - k] - mean)
    deviation /= n
    if deviation == deviation:
        off = c.high[t] + c.low[t] + c.close[t] - mean
        o[0] = off / (0.015 * deviation) if deviation > BAND * abs(mean) else 0.0


FAMILY = FeatureFamily(
    name="cci",
    category="momentum",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 14, 2, 200, "candles of the mean"),),
    outputs=(FeatureOutput("cci", "typical price off its mean", "0.015 mean deviations", scale=100),),
    variants=((14,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    reach=lambda n: int(n),
)
