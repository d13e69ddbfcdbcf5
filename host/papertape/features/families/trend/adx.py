"""Directional movement: how much of the range is movement up or down, and how one-sided it is.

Of a candle whose high rises more than its low falls, dm+ is the rise; of one whose low falls more than its high rises,
dm- is the fall; else both are 0. Wilder's sums over n candles: S = S' - S' / n + v, begun with the sum of the first n -
1 values. With S of dm+, dm- and of the true range: di_plus = 100 S(dm+) / S(tr), di_minus likewise; dx = 100 |di_plus -
di_minus| / (di_plus + di_minus); adx = Wilder's average of dx over n, seeded with the mean of the first n; adxr = mean
of adx and of adx n - 1 candles ago. dm_plus, dm_minus: the sums themselves, in quote currency.

Where S(tr) is at most 1e-9 of the close nothing has moved for long: di and dx are 0.

Source: Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib, PLUS_DI, MINUS_DI, DX, ADX, ADXR, PLUS_DM,
MINUS_DM. Differs from TA-Lib in that stillness: TA-Lib repeats the last dx there, which may be as old as the history.
Inputs: high, low, close. Warm-up: until sums and then their average weigh what came before less than 1e-9 each, and n
candles; a market that stands still forgets its direction within as long. Unit: 0 to 100.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import wilder
from papertape.features.primitives.warmup import wilder_warmup

STILL: Final = 1e-9


@kernel
def summed(f: Any, a: int, had: int, n: int, v: float) -> float:
    """Wilder's sum, of which `had` values are in it already."""
    f[a] += v if had < n - 1 else v - f[a] / n
    return float(f[a])


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    span = c.span[t]
    if span != span:
        return
    rise = c.high[t] - c.high[t - 1]
    fall = c.low[t - 1] - c.low[t]
    had = i[0]
    true_range = summed(f, 0, had, n, span)
    plus = summed(f, 1, had, n, rise if rise > fall and rise > 0.0 else 0.0)
    minus = summed(f, 2, had, n, fall if fall > rise and fall > 0.0 else 0.0)
    if had < n - 1:
        i[0] = had + 1
        return
    moved = true_range > STILL * c.close[t]
    both = plus + minus
    dx = 100.0 * abs(plus - minus) / both if moved and both > 0.0 else 0.0
    adx = wilder(f, i, 3, 1, n, dx)
    place = i[2]
    o[0] = adx
    o[1] = 0.5 * (adx + f[4 + place])
    o[2] = 100.0 * plus / true_range if moved else 0.0
    o[3] = 100.0 * minus / true_range if moved else 0.0
    o[4] = dx
    o[5] = plus
    o[6] = minus
    f[4 + place] = adx
    i[2] = place + 1 if place + 1 < n - 1 else 0


FAMILY = FeatureFamily(
    name="adx",
    category="trend",
    memory="decaying",
    inputs=("high", "low", "close", "span"),
    parameters=(FeatureParameter("n", 14, 2, 200, "candles of Wilder's averages"),),
    outputs=(
        FeatureOutput("adx", "how one-sided the movement is, averaged", "0..100", low=0, high=100, scale=100),
        FeatureOutput("adxr", "adx averaged with an earlier one", "0..100", low=0, high=100, scale=100),
        FeatureOutput("di_plus", "movement up, of the true range", "0..100", low=0, high=100, scale=100),
        FeatureOutput("di_minus", "movement down, of the true range", "0..100", low=0, high=100, scale=100),
        FeatureOutput("dx", "how one-sided the movement is", "0..100", low=0, high=100, scale=100),
        FeatureOutput("dm_plus", "Wilder's sum of movement up", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("dm_minus", "Wilder's sum of movement down", "quote currency", low=0, scale="close", level=True),
    ),
    variants=((7,), (14,), (28,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 2 * wilder_warmup(n) + int(n),
    reach=lambda n: 2,
    floats=lambda n: 4 + int(n) - 1,
    ints=lambda n: 3,
)
