"""Chande momentum oscillator: rises less falls of the last n candles.

cmou = 100 (U - D) / (U + D), U and D being the sums over n candles of the rises and of the falls of the close; 0 where
neither is.

Source: Chande and Kroll, The New Technical Trader (1994); TA-Lib, CMOU. Inputs: close. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    change = c.close[t] - c.close[t - 1]
    up = window_sum(f, i, 0, 0, n, c.index[t], max(change, 0.0) if change == change else change)
    down = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], max(-change, 0.0) if change == change else change)
    moved = up + down
    if moved == moved:
        o[0] = 100.0 * (up - down) / moved if moved > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="cmou",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 14, 2, 1000, "candles of the sums"),),
    outputs=(FeatureOutput("cmou", "rises less falls, against both", "-100..100", low=-100, high=100, scale=100),),
    variants=((5,), (14,), (40,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
