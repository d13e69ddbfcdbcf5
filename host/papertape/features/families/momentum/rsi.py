"""Relative strength index: how much of the recent movement went up.

rsi = 100 U / (U + D), U and D being Wilder's averages over n candles of the rises and of the falls of the close; 0
where neither is.

Source: Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib, RSI. Inputs: close. Warm-up: about 20.7 n
candles, until the seed's weight is below 1e-9. Unit: 0 to 100.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import wilder
from papertape.features.primitives.warmup import wilder_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    change = c.close[t] - c.close[t - 1]
    n = int(p[0])
    up = wilder(f, i, 0, 0, n, max(change, 0.0) if change == change else change)
    down = wilder(f, i, 1, 1, n, max(-change, 0.0) if change == change else change)
    moved = up + down
    if moved == moved:
        o[0] = 100.0 * up / moved if moved > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="rsi",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 14, 2, 500, "candles of Wilder's averages"),),
    outputs=(FeatureOutput("rsi", "share of the movement that went up", "0..100", low=0, high=100, scale=100),),
    variants=((7,), (14,), (21,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: wilder_warmup(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2,
    ints=lambda n: 2,
)
