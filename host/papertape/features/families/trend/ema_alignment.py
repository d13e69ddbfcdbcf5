"""Alignment of three exponential averages: whether short ones stand above longer ones.

ema_alignment = (sign(EMA fast - EMA middle) + sign(EMA middle - EMA slow)) / 2, where a difference of at most 1e-9 of
the close has no sign: 1 all in rising order, -1 all in falling order.

Source: ours. Inputs: close. Warm-up: until the seeds' weight is below 1e-13, well within the dead band. Values: -1,
-0.5, 0, 0.5, 1.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

BAND: Final = 1e-9


@kernel
def sign(difference: float, close: float) -> float:
    """1 above, -1 below, 0 within the dead band."""
    if abs(difference) <= BAND * close:
        return 0.0
    return 1.0 if difference > 0.0 else -1.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    close = c.close[t]
    fast = ema(f, i, 0, 0, int(p[0]), close)
    middle = ema(f, i, 1, 1, int(p[1]), close)
    slow = ema(f, i, 2, 2, int(p[2]), close)
    o[0] = 0.5 * (sign(fast - middle, close) + sign(middle - slow, close))


FAMILY = FeatureFamily(
    name="ema_alignment",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("fast", 9, 2, 1000, "candles of the fast average"),
        FeatureParameter("middle", 21, 2, 1000, "candles of the middle average"),
        FeatureParameter("slow", 50, 2, 1000, "candles of the slow average"),
    ),
    outputs=(FeatureOutput("ema_alignment", "1 short averages above longer ones, -1 below", "-1..1", low=-1, high=1),),
    variants=((9, 21, 50), (21, 50, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda fast, middle, slow: ema_warmup(max(fast, middle, slow), 1, 1e-13),
    floats=lambda fast, middle, slow: 3,
    ints=lambda fast, middle, slow: 3,
)
