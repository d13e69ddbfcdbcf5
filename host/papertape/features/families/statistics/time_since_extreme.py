"""How long ago the highest and the lowest close of the last n candles were.

time_since_high = candles since the highest close / (n - 1): 0 where it is the newest, 1 where it is the oldest of the
window; time_since_low the same of the lowest. Of equal ones the newest counts.

Source: TA-Lib, MAXINDEX and MININDEX, whose index is that of the candle that is meant here; Aroon is the same of highs
and lows. Inputs: close. Warm-up: n candles. Range: 0 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def age_of_highest(f: Any, i: Any, a: int, values: Any, t: int, n: int, sign: float) -> int:
    """Candles since the highest of `sign` times the last n values; `f[a]` and `i[a]` keep it and how old it is."""
    v = sign * values[t]
    i[a] += 1
    if i[a + 2] == 0 or v >= f[a]:
        i[a + 2] = 1
        i[a], f[a] = 0, v
    elif i[a] >= n:
        f[a] = v
        i[a] = 0
        for k in range(1, n):
            if sign * values[t - k] > f[a]:
                f[a] = sign * values[t - k]
                i[a] = k
    return int(i[a])


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    o[0] = age_of_highest(f, i, 0, c.close, t, n, 1.0) / (n - 1.0)
    o[1] = age_of_highest(f, i, 1, c.close, t, n, -1.0) / (n - 1.0)


FAMILY = FeatureFamily(
    name="time_since_extreme",
    category="statistics",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 100, 2, 1000, "candles of the window"),),
    outputs=(
        FeatureOutput("time_since_high", "how long ago the highest close was", "fraction of the window", low=0, high=1),
        FeatureOutput("time_since_low", "how long ago the lowest close was", "fraction of the window", low=0, high=1),
    ),
    variants=((20,), (50,), (100,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    reach=lambda n: int(n),
    floats=lambda n: 2,
    ints=lambda n: 4,
)
