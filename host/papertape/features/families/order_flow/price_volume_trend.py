"""Returns weighed with volume: the price volume trend as a change over the last n candles.

With r = close / close' - 1: pvt_change = sum over n candles of volume r; volume_weighted_return = pvt_change / volume;
volume_return_tilt = volume_weighted_return - mean r, above 0 where rises had more volume than falls. The last two are
NaN where there was no trade.

Source: Achelis, Technical Analysis from A to Z (2000), price and volume trend; TA-Lib, PVT. Inputs: close,
volume. Warm-up: n + 1 candles. Unit: fraction per candle.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    at, v = c.index[t], c.volume[t]
    r = (c.close[t] - c.close[t - 1]) / c.close[t - 1]
    a, b = 2 * n + 1, n + 4
    weighed = window_sum(f, i, 0, 0, n, at, v * r)
    total = window_sum(f, i, a, b, n, at, v)
    plain = window_sum(f, i, 2 * a, 2 * b, n, at, r)
    o[0] = weighed
    if total > 0.0:
        o[1] = weighed / total
        o[2] = weighed / total - plain / n


FAMILY = FeatureFamily(
    name="price_volume_trend",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles of the change"),),
    outputs=(
        FeatureOutput("pvt_change", "change of the price volume trend", "base", level=True),
        FeatureOutput("volume_weighted_return", "mean return, weighed with volume", "fraction"),
        FeatureOutput("volume_return_tilt", "weighed mean return above the plain one", "fraction"),
    ),
    variants=((5,), (20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 3 * sum_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
