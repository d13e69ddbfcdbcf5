"""Awesome oscillator and its accelerator: short against long means of the middle of the candle.

middle = (high + low) / 2; ao = mean of the last `fast` middles - mean of the last `slow`, ac = ao - mean of the last s
ao; ao_pct and ac_pct are the same against the slow mean.

Source: Williams, New Trading Dimensions (1998); TA-Lib, AO and AC. Inputs: high, low. Warm-up: max(fast, slow) + s - 1
candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    fast, slow, s = int(p[0]), int(p[1]), int(p[2])
    middle = (c.high[t] + c.low[t]) / 2.0
    near = window_sum(f, i, 0, 0, fast, c.index[t], middle) / fast
    far = window_sum(f, i, 2 * fast + 1, fast + 4, slow, c.index[t], middle) / slow
    above = near - far
    quicker = above - window_sum(f, i, 2 * (fast + slow) + 2, fast + slow + 8, s, c.index[t], above) / s
    o[0] = above
    o[1] = quicker
    o[2] = above / far
    o[3] = quicker / far


FAMILY = FeatureFamily(
    name="awesome",
    category="momentum",
    memory="window",
    inputs=("high", "low"),
    parameters=(
        FeatureParameter("fast", 5, 1, 500, "candles of the fast mean"),
        FeatureParameter("slow", 34, 2, 1000, "candles of the slow mean"),
        FeatureParameter("s", 5, 1, 500, "values of the accelerator's mean"),
    ),
    outputs=(
        FeatureOutput("ao", "fast mean less the slow one", "quote currency", scale="close", level=True),
        FeatureOutput("ac", "ao less its mean", "quote currency", scale="close", level=True),
        FeatureOutput("ao_pct", "fast mean above the slow one", "fraction"),
        FeatureOutput("ac_pct", "ao above its mean, against the slow mean", "fraction"),
    ),
    variants=((5, 34, 5), (20, 100, 20)),
    step=step,
    definition=__doc__,
    warmup=lambda fast, slow, s: int(max(fast, slow) + s) - 1,
    floats=lambda fast, slow, s: sum_floats(fast) + sum_floats(slow) + sum_floats(s),
    ints=lambda fast, slow, s: window_ints(fast) + window_ints(slow) + window_ints(s),
)
