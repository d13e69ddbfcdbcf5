"""Kaufman's adaptive moving average: its level, how far the close is from it, and its slope.

kama = kama' + s (close - kama'), s = (e (2 / 3 - 2 / 31) + 2 / 31)^2, e = |change of the close over n candles| / sum
of its n changes without their sign, at most 1, and 1 where nothing changed; price_vs_kama = close / kama - 1;
kama_slope = (kama / kama five candles ago - 1) / 5, per candle.

The recursion is restarted on the last n + 100 closes, where it begins with the nth: 100 steps. TA-Lib gives the same
from these closes.

Source: Kaufman, Smarter Trading (1995); TA-Lib, KAMA. Inputs: close. Warm-up: n + 105 candles. TA-Lib takes sums of
changes below an absolute 1e-14 for none, here none is none.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureParameter, kernel
from papertape.features.families.trend.average import RISE, outputs, told
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

STEPS: Final = 100
FAST: Final = 2.0 / 3.0
SLOW: Final = 2.0 / 31.0
WINDOW: Final = RISE + STEPS


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    newest = c.close[t]
    path = window_sum(f, i, WINDOW, 2, n, c.index[t], abs(newest - c.close[t - 1]))
    change = abs(newest - c.close[t - n])
    weight = (change / path if path > change else 1.0) * (FAST - SLOW) + SLOW
    k = i[1]
    f[RISE + k] = weight * weight
    i[1] = k + 1 if k + 1 < STEPS else 0
    # The same recursion from the newest backwards: `left` is what the weights up to there leave to older closes.
    off = 0.0
    left = 1.0
    for back in range(STEPS):
        share = f[RISE + k]
        off += left * share * (c.close[t - back] - newest)
        left *= 1.0 - share
        k = k - 1 if k > 0 else STEPS - 1
    told(f, i, 0, 0, newest + off + left * (c.close[t - STEPS] - newest), newest, o)


FAMILY = FeatureFamily(
    name="kama",
    category="trend",
    memory="path",
    inputs=("close",),
    parameters=(FeatureParameter("n", 10, 2, 200, "candles that the efficiency is measured over"),),
    outputs=outputs("kama", "adaptive average"),
    variants=((10,), (30,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + STEPS + RISE,
    reach=lambda n: max(int(n), STEPS) + 1,
    floats=lambda n: WINDOW + sum_floats(n),
    ints=lambda n: 2 + window_ints(n),
)
