"""Ease of movement: how far the price goes on little volume.

With d = change of (high + low) / 2 and h = high - low: emv = mean over the last n candles of d h / volume;
ease_of_movement = mean of r h / volume times mean volume / mean h, with r = d / the middle before: the return of the
middle, weighed with how thin trade was for the candle's height. A candle without trade counts as 0; NaN where none of
the n candles had any, or none had a height.

Source: Arms, in Achelis, Technical Analysis from A to Z (2000), who scales volume by a number that fits the market (the
emv of tulip, unsmoothed, is 10,000 times that of n = 1). Inputs: high, low, volume. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    at, v = c.index[t], c.volume[t]
    height = c.high[t] - c.low[t]
    before = 0.5 * (c.high[t - 1] + c.low[t - 1])
    moved = 0.5 * (c.high[t] + c.low[t]) - before
    ease = moved * height / v if v > 0.0 else 0.0
    a, b = 2 * n + 1, n + 4
    level = window_sum(f, i, 0, 0, n, at, ease)
    relative = window_sum(f, i, a, b, n, at, ease / before)
    volume = window_sum(f, i, 2 * a, 2 * b, n, at, v)
    heights = window_sum(f, i, 3 * a, 3 * b, n, at, height)
    if volume > 0.0:
        o[0] = level / n
        if heights > 0.0:
            o[1] = relative / n * (volume / heights)


FAMILY = FeatureFamily(
    name="ease_of_movement",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "volume"),
    parameters=(FeatureParameter("n", 14, 1, 2000, "candles of the mean"),),
    outputs=(
        FeatureOutput("emv", "ease of movement", "quote currency squared / base", level=True),
        FeatureOutput("ease_of_movement", "ease of movement, against the usual volume and height", "fraction"),
    ),
    variants=((14,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=lambda n: 4 * sum_floats(n),
    ints=lambda n: 4 * window_ints(n),
)
