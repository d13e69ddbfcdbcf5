"""Parabolic stop and reverse: a stop line that closes in on the price, and which side it is on.

In direction 1 the line moves to line + a (e - line), e being the highest high since the direction turned, a growing by
`step` with every new one up to `most`, and never above the lows of this candle and the one before. A low at or below
the line turns the direction: the line is set to e, or to the high of this candle or the one before where that is
higher; e becomes the low and a begins anew. In direction -1 likewise, mirrored. psar = the line that holds for the
newest candle; psar_distance = (close - psar) / close; psar_direction: 1 or -1.

The recursion is restarted on the last 120 candles: direction -1 where the first two have their low falling more than
their high rises, else 1; the line at the first one's low or high; e at the second one's high or low. TA-Lib gives the
same from these candles.

Source: Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib, SAR. Inputs: high, low, close. Warm-up: 120
candles.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel

CANDLES: Final = 120


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    gain = min(p[0], p[1])
    most = p[1]
    s = t - CANDLES + 1
    # The mirrored direction is the same recursion on prices with the other sign: `top` is the side that it runs to.
    fall = c.low[s] - c.low[s + 1]
    side = -1.0 if fall > 0.0 and fall > c.high[s + 1] - c.high[s] else 1.0
    line = c.low[s] if side > 0.0 else -c.high[s]
    top_before = c.high[s + 1] if side > 0.0 else -c.low[s + 1]
    bottom_before = c.low[s + 1] if side > 0.0 else -c.high[s + 1]
    extreme = top_before
    pace = gain
    shown = line
    for k in range(s + 1, t + 1):
        top = c.high[k] if side > 0.0 else -c.low[k]
        bottom = c.low[k] if side > 0.0 else -c.high[k]
        if bottom <= line:
            line = max(extreme, top_before, top)
            side = -side
            shown = line = -line
            top, bottom = -bottom, -top
            top_before, bottom_before = -bottom_before, -top_before
            extreme = top
            pace = gain
        else:
            shown = line
            if top > extreme:
                extreme = top
                pace = min(pace + gain, most)
        line = min(line + pace * (extreme - line), bottom_before, bottom)
        top_before = top
        bottom_before = bottom
    level = side * shown
    o[0] = level
    o[1] = side
    o[2] = (c.close[t] - level) / c.close[t]


FAMILY = FeatureFamily(
    name="psar",
    category="trend",
    memory="path",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("step", 0.02, 0.001, 1.0, "share of the way to the extreme, and what a new one adds"),
        FeatureParameter("most", 0.2, 0.001, 1.0, "the largest share of the way"),
    ),
    outputs=(
        FeatureOutput("psar", "the stop line", "quote currency", low=0, scale="close", level=True),
        FeatureOutput("psar_direction", "1 above its line, -1 below", "sign", low=-1, high=1),
        FeatureOutput("psar_distance", "close above the line, against the close", "fraction"),
    ),
    variants=((0.02, 0.2), (0.005, 0.05)),
    step=step,
    definition=__doc__,
    warmup=lambda step, most: CANDLES,
    reach=lambda step, most: CANDLES,
)
