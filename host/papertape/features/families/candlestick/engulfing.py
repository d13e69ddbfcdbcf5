"""Engulfing: a body that takes in the whole body before, of the other colour; and its confirmation.

- cdl_engulfing: the body reaches from at or beyond one end of the body before to beyond the other, or from beyond to
  at; strength by the body against the one before.
- cdl_three_outside: such a candle (beyond at the close, strictly, and at the open, strictly), then one that closes
  further on; strength by the three bodies against three usual ones, means of the 10 candles before.

Strength: 0 where the pattern is not, else from 0.5 to 1; positive where the engulfing candle is white. TA-Lib gives 80
instead of 100 where the bodies share an end; here that case has no mark of its own.

Source: Nison, Japanese Candlestick Charting Techniques (1991); TA-Lib, CDLENGULFING, CDL3OUTSIDE: there, and of that
sign, where they are. Inputs: open, high, low, close. Warm-up: 13 candles. Range: -1 to 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.families.candlestick.anatomy import body, clarity, colour, force


@kernel
def engulfs(c: Columns, t: int) -> float:
    """1 or -1, the colour of the candle, where its body takes in the one before; else 0."""
    side = colour(c, t)
    if colour(c, t - 1) == side:
        return 0.0
    beyond = side * (c.close[t] - c.open[t - 1])
    before = side * (c.close[t - 1] - c.open[t])
    return side if (beyond >= 0.0 and before > 0.0) or (beyond > 0.0 and before >= 0.0) else 0.0


@kernel
def outside(c: Columns, t: int) -> float:
    """1 or -1 where candle t - 1 engulfs the one before it at both ends and candle t closes further on; else 0."""
    side = colour(c, t - 1)
    if colour(c, t - 2) == side or not side * (c.close[t - 1] - c.open[t - 2]) > 0.0:
        return 0.0
    further = side * (c.close[t - 2] - c.open[t - 1]) > 0.0 and side * (c.close[t] - c.close[t - 1]) > 0.0
    return side if further else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    side = engulfs(c, t)
    o[0] = side * clarity(body(c, t), body(c, t - 1)) if side != 0.0 else 0.0
    side = outside(c, t)
    o[1] = side * force(c, t, 3) if side != 0.0 else 0.0


FAMILY = FeatureFamily(
    name="engulfing_patterns",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(
        FeatureOutput("cdl_engulfing", "body takes in the opposite body before", "strength", low=-1, high=1),
        FeatureOutput("cdl_three_outside", "engulfing, then a close further on", "strength", low=-1, high=1),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 13,
    reach=lambda: 13,
)
