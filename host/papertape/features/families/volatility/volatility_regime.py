"""Volatility regime: quiet, usual or loud, with hysteresis.

q = volatility over `short` log returns / volatility over `long` of them. The regime becomes 1 (loud) where q >= 1.25
and -1 (quiet) where q <= 0.75; a loud one ends where q <= 1.1, a quiet one where q >= 0.9; else it stays as it was.
It starts as 0 (usual) 150 candles ago, so a regime that q has neither entered nor left for 150 candles has become 0.
NaN where the long volatility is 0; the regime is then 0 again.

Source: our own; hysteresis as in Schmitt's trigger (1938). Inputs: close. Warm-up: long + 151 candles. Unit: -1, 0, 1.
"""

import math
from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.volatility_ratio import loudness, ratio_floats, ratio_ints

LOUD = 1.25
NO_LONGER_LOUD = 1.1
NO_LONGER_QUIET = 0.9
QUIET = 0.75
MEMORY: Final = 150


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    q = loudness(f, i, 0, 2, int(p[0]), int(p[1]), c.index[t], c.gain[t])
    # The regime, and candles since one that settles it by itself: only those tell it from a start MEMORY candles ago.
    regime, since = i[0], i[1] + 1
    if q >= LOUD:
        regime, since = 1, 0
    elif q <= QUIET:
        regime, since = -1, 0
    elif not (q < NO_LONGER_QUIET or q > NO_LONGER_LOUD):
        regime, since = 0, 0
    elif q > NO_LONGER_LOUD:
        regime = max(regime, 0)
    else:
        regime = min(regime, 0)
    if since >= MEMORY:
        regime, since = 0, MEMORY
    i[0], i[1] = regime, since
    o[0] = float(regime) if q == q else math.nan


FAMILY = FeatureFamily(
    name="volatility_regime",
    category="volatility",
    memory="path",
    inputs=("close",),
    parameters=(
        FeatureParameter("short", 10, 2, 1000, "log returns of the short volatility"),
        FeatureParameter("long", 100, 2, 1000, "log returns of the long one"),
    ),
    outputs=(FeatureOutput("volatility_regime", "quiet -1, usual 0, loud 1", "-1, 0, 1", low=-1, high=1),),
    variants=((10, 100), (20, 100), (50, 200)),
    step=step,
    definition=__doc__,
    warmup=lambda short, long: int(max(short, long)) + 1 + MEMORY,
    reach=lambda short, long: 2,
    floats=ratio_floats,
    ints=lambda short, long: 2 + ratio_ints(short, long),
)
