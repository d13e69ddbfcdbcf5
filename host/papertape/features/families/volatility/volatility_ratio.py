"""Short over long volatility: whether the market has become louder.

volatility_ratio = volatility over `short` log returns / volatility over `long` of them; NaN where the long one is 0.

Source: sample deviations as `volatility`; the ratio is plain. Inputs: close. Warm-up: long + 1 candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.realised import deviation
from papertape.features.primitives.windows import moments_floats, window_ints


@kernel
def loudness(f: Any, i: Any, a: int, b: int, short: int, long: int, index: float, gain: float) -> float:
    """Short over long volatility; takes `ratio_floats` and `ratio_ints` of state."""
    near = deviation(f, i, a, b, short, index, gain)
    far = deviation(f, i, a + 3 * short + 2, b + short + 4, long, index, gain)
    return math.nan if far == 0.0 else near / far


def ratio_floats(short: float, long: float) -> int:
    return moments_floats(short) + moments_floats(long)


def ratio_ints(short: float, long: float) -> int:
    return window_ints(short) + window_ints(long)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = loudness(f, i, 0, 0, int(p[0]), int(p[1]), c.index[t], c.gain[t])


FAMILY = FeatureFamily(
    name="volatility_ratio",
    category="volatility",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("short", 10, 2, 1000, "log returns of the short volatility"),
        FeatureParameter("long", 50, 2, 1000, "log returns of the long one"),
    ),
    outputs=(FeatureOutput("volatility_ratio", "short over long volatility", "ratio", low=0),),
    variants=((5, 20), (5, 100), (10, 50), (20, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda short, long: int(max(short, long)) + 1,
    reach=lambda short, long: 2,
    floats=ratio_floats,
    ints=ratio_ints,
)
