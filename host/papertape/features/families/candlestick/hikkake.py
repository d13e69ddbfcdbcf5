"""Hikkake: an inside bar whose breakout is false.

Candle two has a lower high and a higher low than candle one (an inside bar); candle three a lower high and a lower low
than candle two (a fall out of it, bullish if false), or a higher high and a higher low (bearish). It is confirmed when
one of the next three candles closes back beyond candle two: above its high, or below its low.

- cdl_hikkake: there at candle three, and at the candle that confirms it.
- cdl_hikkake_modified: the same with one candle more before: candle two is inside one, three inside two, four breaks
  out; candle two closes near its low (bullish) or near its high (bearish), near being 0.2 of the recent range (mean of
  the 5 candles before).

Strength: 0.5 at the breakout, 1 where it is confirmed, negative where bearish; else 0. A new breakout takes the place
of one that waits to be confirmed; one candle that is both counts as the breakout.

Source: Chesler, Technical Analysis of Stocks and Commodities 22(4), 2004; TA-Lib, CDLHIKKAKE, CDLHIKKAKEMOD: there, and
of that sign, where they are; our 0.5 and 1 are its 100 and 200. Memory: only the last candles matter, as what is older
can no longer be confirmed. Inputs: high, low, close. Warm-up: 12 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import near

WAIT = 3
"""Candles within which a breakout may be confirmed."""


@kernel
def contained(c: Columns, t: int) -> bool:
    """Whether candle t is an inside bar."""
    return bool(c.high[t] < c.high[t - 1] and c.low[t] > c.low[t - 1])


@kernel
def broken(c: Columns, t: int) -> float:
    """1 where candle t falls out of an inside bar, -1 where it rises out of one; else 0."""
    if not contained(c, t - 1):
        return 0.0
    if c.high[t] < c.high[t - 1] and c.low[t] < c.low[t - 1]:
        return 1.0
    return -1.0 if c.high[t] > c.high[t - 1] and c.low[t] > c.low[t - 1] else 0.0


@kernel
def broken_twice(c: Columns, t: int) -> float:
    """The same for the modified pattern."""
    side = broken(c, t)
    if side == 0.0 or not contained(c, t - 2):
        return 0.0
    if side > 0.0:
        return 1.0 if c.close[t - 2] <= c.low[t - 2] + near(c, t - 2) else 0.0
    return -1.0 if c.close[t - 2] >= c.high[t - 2] - near(c, t - 2) else 0.0


@kernel
def returned(c: Columns, t: int, k: int, side: float) -> bool:
    """Whether candle t closes back beyond the inside bar that candle k broke out of."""
    return bool(c.close[t] > c.high[k - 1] if side > 0.0 else c.close[t] < c.low[k - 1])


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    for kind in range(2):
        o[kind] = 0.0
        for back in range(WAIT + 1):
            side = broken(c, t - back) if kind == 0 else broken_twice(c, t - back)
            if side != 0.0:
                if back == 0:
                    o[kind] = 0.5 * side
                    break
                early = False
                for k in range(t - back + 1, t):
                    early = early or returned(c, k, t - back, side)
                if not early and returned(c, t, t - back, side):
                    o[kind] = side
                break


FAMILY = FeatureFamily(
    name="hikkake_patterns",
    category="candlestick",
    memory="window",
    inputs=("high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_hikkake", "false breakout of an inside bar", "strength", low=-1, high=1),
        FeatureOutput("cdl_hikkake_modified", "false breakout of two inside bars", "strength", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 12,
    reach=lambda: 12,
)
