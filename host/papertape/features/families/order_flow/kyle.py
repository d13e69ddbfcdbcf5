"""Kyle's lambda: how far signed volume moves the price.

With y = close - close' and x = volume with the sign of y: kyle_lambda = slope of the least-squares line of y on x over
the last n candles; kyle_impact = lambda mean volume / close, the return that a candle's mean volume of buys makes;
kyle_r2 = share of the variance of y that the line explains. NaN where x does not vary.

Source: Kyle, Continuous auctions and insider trading, Econometrica 53 (1985); the regression as in Lopez de Prado,
Advances in Financial Machine Learning (2018), 19.4, with the tick rule of candles. Inputs: close, volume. Warm-up:
n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.signed_volume import signed_volume
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    change = c.close[t] - c.close[t - 1]
    _, xx, _, yy, xy = window_comoments(f, i, 0, 0, n, c.index[t], signed_volume(c, t), change)
    total = window_sum(f, i, 7 * n + 5, n + 4, n, c.index[t], c.volume[t])
    if xx > 0.0:
        slope = xy / xx
        r = correlation(xx, yy, xy)
        o[0] = slope
        o[1] = slope * (total / n) / c.close[t]
        o[2] = r * r


FAMILY = FeatureFamily(
    name="kyle",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 50, 3, 2000, "candles of the regression"),),
    outputs=(
        FeatureOutput("kyle_lambda", "price change of a unit of net buying", "quote currency / base", level=True),
        FeatureOutput("kyle_impact", "return that a candle's mean volume of buys makes", "fraction"),
        FeatureOutput("kyle_r2", "share of the price's movement that signed volume explains", "0..1", low=0, high=1),
    ),
    variants=((20,), (50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: comoments_floats(n) + sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
