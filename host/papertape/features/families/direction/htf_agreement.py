"""Higher-timeframe agreement: whether the trend of the candles is that of larger blocks of them.

s_0, s_a, s_b = signs of htf_trend of n blocks of 1, a and b candles, 0 within the dead band of 0.1. htf_agreement = s_0
(s_a + s_b) / 2: 1 where all agree, -1 where both blocks run against the candles. htf_direction = (s_0 + s_a + s_b) / 3.
htf_pull = mean of the blocks' trends less that of the candles, / 2.

Source: our own rule; Elder's triple screen (1986) for the idea. Inputs: close. Warm-up: max(a, b) (n + 2) candles.
Closed blocks only, anchored in candle numbers since 1970 (see htf_trend).
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.direction.htf_trend import block_trend

BAND = 0.1


@kernel
def trend_sign(trend: float) -> float:
    return 1.0 if trend > BAND else (-1.0 if trend < -BAND else 0.0)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[2])
    own = block_trend(f, i, 0, 0, 1, n, c.index[t], c.close[t])
    first = block_trend(f, i, n + 3, 5, int(p[0]), n, c.index[t], c.close[t])
    second = block_trend(f, i, 2 * n + 6, 10, int(p[1]), n, c.index[t], c.close[t])
    if own != own or first != first or second != second:
        return
    o[0] = trend_sign(own) * (trend_sign(first) + trend_sign(second)) / 2.0
    o[1] = (trend_sign(own) + trend_sign(first) + trend_sign(second)) / 3.0
    o[2] = ((first + second) / 2.0 - own) / 2.0


FAMILY = FeatureFamily(
    name="htf_agreement",
    category="direction",
    memory="window",
    inputs=("close", "index"),
    parameters=(
        FeatureParameter("a", 5, 2, 1440, "candles of the smaller blocks"),
        FeatureParameter("b", 15, 2, 1440, "candles of the larger blocks"),
        FeatureParameter("n", 6, 2, 100, "closed blocks of each size"),
    ),
    outputs=(
        FeatureOutput("htf_agreement", "agreement of the candles' trend with the blocks'", "-1..1", low=-1, high=1),
        FeatureOutput("htf_direction", "mean sign of the three trends", "-1..1", low=-1, high=1),
        FeatureOutput("htf_pull", "trend of the blocks beyond that of the candles", "-1..1", low=-1, high=1),
    ),
    variants=((5, 15, 6), (15, 60, 10)),
    step=step,
    definition=__doc__,
    warmup=lambda a, b, n: int(max(a, b)) * (int(n) + 2),
    floats=lambda a, b, n: 3 * (int(n) + 3),
    ints=lambda a, b, n: 15,
)
