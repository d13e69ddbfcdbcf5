"""Fractional difference of the log close, with a window of fixed width.

The weights of order d: w(0) = 1, w(k) = -w(k - 1) (d - k + 1) / k, for k below n. frac_diff_level = sum of w(k) times
the log close k candles ago; since the weights of a finite window do not sum to 0, it moves with the logarithm of the
price. frac_diff = the same of the log closes against the newest one, sum of w(k) (x(t - k) - x(t)), x being the log
close: the fractional difference with the level taken out, free of scale. At d = 1 both are the log return.

Source: Lopez de Prado, Advances in Financial Machine Learning (2018), chapter 5, where the width follows from the
smallest weight that counts; here it is given. Inputs: close. Warm-up: n candles.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    # State: floats: minus the sum of w(k) for k above j, by j; the sum of all. A difference from the newest close is
    # minus the sum of the returns since, so each return counts with all the weights that reach beyond it.
    d, n = p[0], int(p[1])
    if i[0] == 0:
        i[0] = 1
        w = 1.0
        f[n] = w
        for k in range(1, n):
            w *= -(d - k + 1.0) / k
            f[k] = w
            f[n] += w
        beyond = 0.0
        for k in range(n - 1, -1, -1):
            w = f[k]
            f[k] = -beyond
            beyond += w
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    for k in range(0, n - 4, 4):  # four sums side by side do not wait for each other
        one += f[k] * c.gain[t - k]
        two += f[k + 1] * c.gain[t - k - 1]
        three += f[k + 2] * c.gain[t - k - 2]
        four += f[k + 3] * c.gain[t - k - 3]
    for k in range((n - 1) // 4 * 4, n - 1):
        one += f[k] * c.gain[t - k]
    o[0] = (one + two) + (three + four)
    o[1] = o[0] + f[n] * math.log(c.close[t])


FAMILY = FeatureFamily(
    name="frac_diff",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("d", 0.4, 0.05, 2.0, "order of the difference"),
        FeatureParameter("n", 100, 10, 1000, "candles of the window"),
    ),
    outputs=(
        FeatureOutput("frac_diff", "fractional difference of the log close against the newest", "log of price"),
        FeatureOutput("frac_diff_level", "fractional difference of the log close", "log of price", level=True),
    ),
    variants=((0.3, 100), (0.5, 100), (0.7, 100), (0.9, 100)),
    step=step,
    definition=__doc__,
    warmup=lambda d, n: int(n),
    reach=lambda d, n: int(n),
    floats=lambda d, n: int(n) + 1,
    ints=lambda d, n: 1,
)
