"""Length of the squeeze that is on, and time since one ended.

squeeze_length = candles in a row, this one included, in which `squeeze_on` of n candles is 1; time_since_squeeze =
candles since it last was; both at most 120.

Source: our own. Inputs: high, low, close. Warm-up: n + 121 candles. Unit: candles, 0 to 120.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.gating.squeeze import DEAD_BAND
from papertape.features.families.volatility.band_ratio import band_floats, band_ints, bands

MOST: Final = 120


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    _, ratio = bands(f, i, 0, 2, int(p[0]), c.index[t], c.close[t], c.span[t])
    squeezed = ratio < 1.0 - DEAD_BAND
    i[0] = min(i[0] + 1, MOST) if squeezed else 0
    # Kept as what is left of MOST, so that the zero of a new state says "long ago".
    i[1] = MOST if squeezed else max(i[1] - 1, 0)
    o[0] = float(i[0])
    o[1] = float(MOST - i[1])


FAMILY = FeatureFamily(
    name="squeeze_length",
    category="gating",
    memory="path",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of both bands"),),
    outputs=(
        FeatureOutput("squeeze_length", "candles that the squeeze has lasted", "candles", low=0, high=MOST),
        FeatureOutput("time_since_squeeze", "candles since a squeeze was on", "candles", low=0, high=MOST),
    ),
    variants=((20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1 + MOST,
    reach=lambda n: 2,
    floats=band_floats,
    ints=lambda n: 2 + band_ints(n),
)
