"""Volume price confirmation indicator: whether volume agrees with the price's trend.

With simple means over the last `short` and `long` candles, and those of the close weighed with volume: vpci = (weighed
long - plain long) (weighed short / plain short) (mean volume short / mean volume long); vpci_ratio = the same with the
first factor divided by the plain long mean of the close. NaN where the short stretch had no trade.

Source: Dormeier, Between price and volume, Stocks & Commodities (2007); jesse's vpci. Inputs: close, volume. Warm-up:
the longer of the two.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.weighted_windows import weighted_floats, window_weighted
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, m = int(p[0]), int(p[1])
    at, v, price = c.index[t], c.volume[t], c.close[t]
    a, b = 3 * n + 3, n + 4
    near_volume, near, _ = window_weighted(f, i, 0, 0, n, at, price, v)
    far_volume, far, _ = window_weighted(f, i, a, b, m, at, price, v)
    a, b = a + 3 * m + 3, b + m + 4
    near_plain = window_sum(f, i, a, b, n, at, price) / n
    far_plain = window_sum(f, i, a + 2 * n + 1, b + n + 4, m, at, price) / m
    if near_volume > 0.0 and far_volume > 0.0:
        agreed = near / near_plain * (near_volume / n / (far_volume / m))
        o[0] = (far - far_plain) * agreed
        o[1] = (far - far_plain) / far_plain * agreed


FAMILY = FeatureFamily(
    name="volume_price_confirmation",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(
        FeatureParameter("short", 5, 1, 1000, "candles of the short means"),
        FeatureParameter("long", 25, 2, 2000, "candles of the long means"),
    ),
    outputs=(
        FeatureOutput("vpci", "volume price confirmation", "quote currency", scale="close", level=True),
        FeatureOutput("vpci_ratio", "volume price confirmation, as a share of the price", "fraction"),
    ),
    variants=((5, 25), (20, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda short, long: int(max(short, long)),
    floats=lambda short, long: weighted_floats(short) + weighted_floats(long) + sum_floats(short) + sum_floats(long),
    ints=lambda short, long: 2 * window_ints(short) + 2 * window_ints(long),
)
