"""On-balance volume as a change over the last n candles.

obv_change = sum over n candles of the volume, with the sign of the close's change: the difference of TA-Lib's OBV to
that n candles back, whose beginning does not matter; obv_flow = obv_change / volume of the n candles, NaN where that is
0.

Source: Granville, New Key to Stock Market Profits (1963); TA-Lib, OBV. Inputs: close, volume. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.signed_volume import signed_volume
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    net = window_sum(f, i, 0, 0, n, c.index[t], signed_volume(c, t))
    total = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], c.volume[t])
    o[0] = net
    if total > 0.0:
        o[1] = max(-1.0, min(1.0, net / total)) if net == net else net


FAMILY = FeatureFamily(
    name="obv",
    category="volume and order flow",
    memory="window",
    inputs=("close", "volume"),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles of the change"),),
    outputs=(
        FeatureOutput("obv_change", "change of on-balance volume", "base", level=True),
        FeatureOutput("obv_flow", "change of on-balance volume, as a share of the volume", "-1..1", low=-1, high=1),
    ),
    variants=((10,), (20,), (50,), (200,)),
    aliases={"obv": "obv_change"},
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
