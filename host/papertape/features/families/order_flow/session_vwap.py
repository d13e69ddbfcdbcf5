"""Volume-weighted average price since midnight UTC, and how far the close is from it.

session_vwap = sum of volume (high + low + close) / 3, / volume, over the candles of the day so far, the newest
included; session_vwap_distance = close / session_vwap - 1. NaN until the day's first trade, and where the day has more
than n candles by now.

Source: as of vwap; the day as on exchanges that never close. n is the number of candles that a day may have (1440 of a
minute), so that the past before them cannot matter. Inputs: ts, high, low, close, volume. Warm-up: n + 1 candles.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.weighted_windows import blended

DAY: Final = 86_400_000


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    day = int(c.ts[t]) // DAY
    if i[0] == 0 or day != i[1]:
        # Of the first candle's day the beginning is not known: counted as one that is too long.
        i[2] = int(p[0]) if i[0] == 0 else 0
        i[0], i[1] = 1, day
        f[0], f[1], f[2] = 0.0, 0.0, 0.0
    i[2] += 1
    typical = (c.high[t] + c.low[t] + c.close[t]) / 3.0
    f[0], f[1], f[2] = blended(f[0], f[1], f[2], c.volume[t], typical, 0.0)
    if f[0] > 0.0 and i[2] <= int(p[0]):
        o[0] = f[1]
        o[1] = c.close[t] / f[1] - 1.0


FAMILY = FeatureFamily(
    name="session_vwap",
    category="volume and order flow",
    memory="path",
    inputs=("ts", "high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 1440, 2, 100_000, "candles that a day may have"),),
    outputs=(
        FeatureOutput(
            "session_vwap", "volume-weighted average price since midnight UTC", "quote currency", low=0, scale="close",
            level=True,
        ),
        FeatureOutput("session_vwap_distance", "close above the average price since midnight UTC", "fraction", low=-1),
    ),
    variants=((1440,),),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    floats=lambda n: 3,
    ints=lambda n: 3,
)  # fmt: skip
