"""Balance of power, smoothed: mean of the last n candles' signed body to range.

bop_mean = mean of bop over n candles, bop = (close - open) / (high - low), 0 where there is no range.

Source: Livshin, Balance of Market Power (2001), which smooths over 14. Inputs: open, high, low, close. Warm-up: n
candles. The catalogue lists it for n at which candle_sentiment, the same mean, is not listed.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.bop import balance
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    o[0] = window_sum(f, i, 0, 0, n, c.index[t], balance(c, t)) / n


FAMILY = FeatureFamily(
    name="bop_mean",
    category="momentum",
    memory="window",
    inputs=("open", "high", "low", "close"),
    parameters=(FeatureParameter("n", 14, 2, 1000, "candles of the mean"),),
    outputs=(FeatureOutput("bop_mean", "mean of the candles' signed body to range", "fraction", low=-1, high=1),),
    variants=((14,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=sum_floats,
    ints=window_ints,
)
