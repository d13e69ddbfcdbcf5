"""Whether busy candles follow busy ones.

volume_autocorrelation = correlation of the volume with that of the candle before, over the last n pairs; 0 where either
does not vary (TA-Lib's CORREL says the same).

Source: TA-Lib, CORREL of the volume and the volume one candle back. Inputs: volume. Warm-up: n + 1 candles. Range: -1
to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.comoments import comoments_floats, correlation, window_comoments
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    _, xx, _, yy, xy = window_comoments(f, i, 0, 0, int(p[0]), c.index[t], c.volume[t], c.volume[t - 1])
    o[0] = correlation(xx, yy, xy)


FAMILY = FeatureFamily(
    name="volume_autocorrelation",
    category="volume and order flow",
    memory="window",
    inputs=("volume",),
    parameters=(FeatureParameter("n", 50, 3, 2000, "pairs of candles"),),
    outputs=(FeatureOutput("volume_autocorrelation", "correlation with the volume before", "-1..1", low=-1, high=1),),
    variants=((50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: comoments_floats(n),
    ints=lambda n: window_ints(n),
)
