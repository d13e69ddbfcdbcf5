"""Abdi and Ranaldo's spread: how far closes stand from the middles of the candles around them.

With c = ln close and m = (ln high + ln low) / 2: spread = sqrt(max(4 (c' - m') (c' - m), 0)), ' being the candle
before; abdi_ranaldo_spread = mean of the spreads of the last n pairs of candles.

Source: Abdi, Ranaldo, A simple estimation of bid-ask spreads from daily close, high, and low prices, Review of
Financial Studies 30 (2017), the version that is corrected pair by pair. Inputs: high, low, close. Warm-up: n + 1
candles. Unit: fraction.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    before = c.close[t - 1]
    spread = math.nan
    if before == before:
        # Both distances as logs of ratios, which keep their digits where prices hardly differ.
        own = math.log(before / c.high[t - 1] * (before / c.low[t - 1]))
        next_ = math.log(before / c.high[t] * (before / c.low[t]))
        spread = math.sqrt(max(own * next_, 0.0))
    o[0] = window_sum(f, i, 0, 0, n, c.index[t], spread) / n


FAMILY = FeatureFamily(
    name="abdi_ranaldo",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 1, 2000, "pairs of candles"),),
    outputs=(FeatureOutput("abdi_ranaldo_spread", "spread implied by closes off the middle", "fraction", low=0),),
    variants=((20,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
