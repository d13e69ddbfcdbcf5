"""How price and volume go together over the last n candles.

price_volume_correlation = correlation of close and volume; return_volume_correlation, of ln(close / close') and volume;
move_volume_correlation, of its size and volume. 0 where either does not vary.

Source: TA-Lib, CORREL; Karpoff, The relation between price changes and trading volume, Journal of Financial and
Quantitative Analysis 22 (1987). Inputs: close, volume, gain. Warm-up: n + 1 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    at, v = c.index[t], c.volume[t]
    a, b = 7 * n + 5, n + 4
    _, xx, _, yy, xy = window_comoments(f, i, 0, 0, n, at, c.close[t], v)
    o[0] = correlation(xx, yy, xy)
    _, xx, _, yy, xy = window_comoments(f, i, a, b, n, at, c.gain[t], v)
    o[1] = correlation(xx, yy, xy)
    _, xx, _, yy, xy = window_comoments(f, i, 2 * a, 2 * b, n, at, abs(c.gain[t]), v)
    o[2] = correlation(xx, yy, xy)


FAMILY = FeatureFamily(
    name="price_volume_correlation",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume", "gain"),
    parameters=(FeatureParameter("n", 20, 3, 1000, "candles that are compared"),),
    outputs=(
        FeatureOutput("price_volume_correlation", "correlation of close and volume", "-1..1", low=-1, high=1),
        FeatureOutput("return_volume_correlation", "correlation of return and volume", "-1..1", low=-1, high=1),
        FeatureOutput("move_volume_correlation", "correlation of size of return and volume", "-1..1", low=-1, high=1),
    ),
    variants=((20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=lambda n: 3 * comoments_floats(n),
    ints=lambda n: 3 * window_ints(n),
)
