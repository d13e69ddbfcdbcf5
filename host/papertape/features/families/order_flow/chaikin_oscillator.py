"""Chaikin oscillator: the pace of accumulation and distribution.

adosc = EMA(fast) - EMA(slow) of the accumulation/distribution line; chaikin_flow = adosc / EMA(slow) of the volume, NaN
where that is 0. Only what a candle adds to the line matters, m (see ad_change): the line less its average is the sum
over past candles of (1 - w)^(k + 1) m, k candles back, with w = 2 / (n + 1).

Source: Chaikin; TA-Lib, ADOSC. The sums are cut off after 14 (n + 1) candles, where the weights are below 1e-12: an
average that went on would be a ratio of leftovers after a stretch without trade. Inputs: high, low, close, volume.
Warm-up: 14 (slow + 1) candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.order_flow.close_location import close_location
from papertape.features.primitives.faded_windows import fade_length, faded_floats, window_faded
from papertape.features.primitives.windows import window_ints


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    at, v = c.index[t], c.volume[t]
    short, long = fade_length(int(p[0])), fade_length(int(p[1]))
    fast, slow = 1.0 - 2.0 / (p[0] + 1.0), 1.0 - 2.0 / (p[1] + 1.0)
    a, b = 2 * short + 2, short + 4
    m = v * close_location(c, t)
    near = fast * window_faded(f, i, 0, 0, short, fast, at, m)
    far = slow * window_faded(f, i, a, b, long, slow, at, m)
    volume = (1.0 - slow) * window_faded(f, i, a + 2 * long + 2, b + long + 4, long, slow, at, v)
    o[0] = far - near
    if volume > 0.0:
        o[1] = (far - near) / volume


FAMILY = FeatureFamily(
    name="chaikin_oscillator",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "close", "volume"),
    parameters=(
        FeatureParameter("fast", 3, 2, 200, "candles of the fast average"),
        FeatureParameter("slow", 10, 2, 500, "candles of the slow average"),
    ),
    outputs=(
        FeatureOutput("adosc", "Chaikin oscillator", "base", level=True),
        FeatureOutput("chaikin_flow", "Chaikin oscillator, in candles of mean volume", "candles"),
    ),
    variants=((3, 10), (10, 40)),
    step=step,
    definition=__doc__,
    warmup=lambda fast, slow: fade_length(int(max(fast, slow))),
    floats=lambda fast, slow: faded_floats(fade_length(int(fast))) + 2 * faded_floats(fade_length(int(slow))),
    ints=lambda fast, slow: window_ints(fade_length(int(fast))) + 2 * window_ints(fade_length(int(slow))),
)
