"""Keltner channel: where the close stands in a band of average true ranges around an average.

middle = exponential average over n candles of (high + low + close) / 3; half = k times Wilder's average true range over
m candles; keltner_upper and keltner_lower = middle +- half; keltner_width = 2 half / middle; keltner_position = 0.5 +
(close - middle) / (2 half), where half is taken as at least a millionth of the close, so that a market which stands
still gives 0.5.

Source: Raschke's form of Keltner, How to Make Money in Commodities (1960); TA-Lib, KC, which seeds its average true
range m candles before its own first value, so that it agrees once warm-up is over. Inputs: high, low, close. Warm-up:
until the seeds' weight is below 1e-15, as the position divides by what may be small.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema, wilder
from papertape.features.primitives.warmup import ema_warmup, wilder_warmup

LEAST = 1e-6


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    middle = ema(f, i, 0, 0, int(p[0]), (c.high[t] + c.low[t] + c.close[t]) / 3.0)
    half = p[2] * wilder(f, i, 1, 1, int(p[1]), c.span[t])
    o[0] = middle + half
    o[1] = middle
    o[2] = middle - half
    o[3] = 0.5 + (c.close[t] - middle) / (2.0 * (half if half > LEAST * c.close[t] else LEAST * c.close[t]))
    o[4] = 2.0 * half / middle


def _warmup(n: float, m: float, k: float) -> int:
    return max(ema_warmup(n, tolerance=1e-15), wilder_warmup(m, tolerance=1e-15) + 1)


FAMILY = FeatureFamily(
    name="keltner",
    category="volatility",
    memory="decaying",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 20, 2, 500, "candles of the middle"),
        FeatureParameter("m", 10, 1, 500, "candles of the average true range"),
        FeatureParameter("k", 2.0, 0.1, 10, "average true ranges from the middle to a band"),
    ),
    outputs=(
        FeatureOutput("keltner_upper", "upper band", "quote currency", scale="close", level=True),
        FeatureOutput("keltner_middle", "average of the typical price", "quote currency", scale="close", level=True),
        FeatureOutput("keltner_lower", "lower band", "quote currency", scale="close", level=True),
        FeatureOutput(
            "keltner_position", "where the close stands in the channel, 0 the lower band, 1 the upper", "fraction"
        ),
        FeatureOutput("keltner_width", "distance of the bands, against the middle", "fraction", low=0, scale=0.01),
    ),
    variants=((10, 7, 1.5), (20, 10, 2), (50, 20, 2)),
    step=step,
    definition=__doc__,
    warmup=_warmup,
    reach=lambda n, m, k: 2,
    floats=lambda n, m, k: 2,
    ints=lambda n, m, k: 2,
)
