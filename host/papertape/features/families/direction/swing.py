"""Swing direction: higher highs and higher lows against the window before.

swing_direction = (sign(H - H') + sign(L - L')) / 2, H and L = highest high and lowest low of the last n candles, H' and
L' of the n before: 1 for both higher, -1 for both lower; equal ones give 0, as prices are compared as they are.
swing_shift = ((H - H') + (L - L')) / (H - L + H' - L'), 0 where there is no range.

Source: Dow theory's peaks and troughs, with fixed windows for swings. Inputs: high, low. Warm-up: 2 n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    high = window_highest(f, i, 2 * n, 1, n, c.index[t], c.high[t])
    low = window_lowest(f, i, 4 * n + 1, n + 5, n, c.index[t], c.low[t])
    place = i[0]
    old_high, old_low = f[place], f[n + place]
    f[place], f[n + place] = high, low
    i[0] = place + 1 if place + 1 < n else 0
    higher, lower = high - old_high, low - old_low
    width = high - low + old_high - old_low
    if width != width:
        return
    o[0] = 0.0
    if higher != 0.0:
        o[0] += 0.5 if higher > 0.0 else -0.5
    if lower != 0.0:
        o[0] += 0.5 if lower > 0.0 else -0.5
    o[1] = (higher + lower) / width if width > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="swing",
    category="direction",
    memory="window",
    inputs=("high", "low"),
    parameters=(FeatureParameter("n", 20, 2, 1000, "candles of a window"),),
    outputs=(
        FeatureOutput("swing_direction", "higher highs and lows, signed", "-1..1", low=-1, high=1),
        FeatureOutput("swing_shift", "move of highs and lows, against both ranges", "fraction"),
    ),
    variants=((5,), (20,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: 2 * int(n),
    floats=lambda n: 2 * int(n) + 2 * sum_floats(n),
    ints=lambda n: 1 + 2 * window_ints(n),
)
