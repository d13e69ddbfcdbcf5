"""How many of the last n candles had no trade.

zero_volume_share = candles of the last n whose volume is 0 / n.

Source: Lesmond, Ogden, Trzcinka, A new estimate of transaction costs, Review of Financial Studies 12 (1999), who count
days without a return; here candles without a trade. Inputs: volume. Warm-up: n candles. Range: 0 to 1. It is 1 -
traded_share, so the catalogue lists it for an n at which that is not listed.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    o[0] = window_sum(f, i, 0, 0, n, c.index[t], 1.0 if c.volume[t] == 0.0 else 0.0) / n


FAMILY = FeatureFamily(
    name="zero_volume",
    category="volume and order flow",
    memory="window",
    inputs=("volume",),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles that are counted"),),
    outputs=(FeatureOutput("zero_volume_share", "share of candles without a trade", "0..1", low=0, high=1),),
    variants=((100,),),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
