"""Share of the recent volume that was traded below the close: where the close stands in the volume profile.

volume_below = volume of those of the last n candles whose typical price (high + low + close) / 3 is below the newest
close, and half the volume of those level with it, / volume of all; NaN where there was no trade.

Source: own; volume at price as in Steidlmayer's market profile (1984), each candle's volume at its typical price.
Inputs: high, low, close, volume. Warm-up: n candles. Range: 0 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    f[i[0]] = c.high[t] + c.low[t] + c.close[t]
    own = 3.0 * c.close[t]  # beside sums of three prices
    at = i[0]
    twice, total = 0.0, 0.0
    for k in range(n):
        v = c.volume[t - k]
        total += v
        twice += v * (int(f[at] < own) + int(f[at] <= own))
        at = at - 1 if at > 0 else n - 1
    i[0] = i[0] + 1 if i[0] + 1 < n else 0
    if total > 0.0:
        o[0] = min(1.0, 0.5 * twice / total)


FAMILY = FeatureFamily(
    name="volume_below",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume"),
    parameters=(FeatureParameter("n", 50, 2, 500, "candles of the profile"),),
    outputs=(FeatureOutput("volume_below", "share of the volume below the close", "0..1", low=0, high=1),),
    variants=((20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    reach=lambda n: int(n),
    floats=lambda n: int(n),
    ints=lambda n: 1,
)
