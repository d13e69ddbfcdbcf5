"""Chandelier exits: stops that hang from the extremes of a window, average true ranges away.

chandelier_long = highest high of the last n candles - k a, chandelier_short = lowest low + k a, a = Wilder's average
true range over n candles; chandelier_long_distance = (close - chandelier_long) / close, above 0 while a long position
stays; chandelier_short_distance = (chandelier_short - close) / close, above 0 while a short one stays.

Source: LeBeau, in Elder, Come Into My Trading Room (2002); the average true range as TA-Lib's ATR. Inputs: high, low,
close. Warm-up: about 28.6 n candles, until the seed's weight is below 1e-12.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import wilder
from papertape.features.primitives.warmup import wilder_warmup
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    close = c.close[t]
    room = p[1] * wilder(f, i, 0, 0, n, c.span[t])
    long = window_highest(f, i, 1, 1, n, c.index[t], c.high[t]) - room
    short = window_lowest(f, i, 2 * n + 2, n + 5, n, c.index[t], c.low[t]) + room
    o[0] = long
    o[1] = short
    o[2] = (close - long) / close
    o[3] = (short - close) / close


FAMILY = FeatureFamily(
    name="chandelier",
    category="trend",
    memory="decaying",
    inputs=("high", "low", "close", "span"),
    parameters=(
        FeatureParameter("n", 22, 2, 500, "candles of the extremes and of the average true range"),
        FeatureParameter("k", 3.0, 0.1, 20.0, "average true ranges from the extreme to the stop"),
    ),
    outputs=(
        FeatureOutput("chandelier_long", "a long position's stop", "quote currency", scale="close", level=True),
        FeatureOutput("chandelier_short", "a short position's stop", "quote currency", scale="close", level=True),
        FeatureOutput("chandelier_long_distance", "close above a long position's stop", "fraction"),
        FeatureOutput("chandelier_short_distance", "close below a short position's stop", "fraction"),
    ),
    variants=((22, 3), (60, 5)),
    step=step,
    definition=__doc__,
    warmup=lambda n, k: wilder_warmup(n, 1, 1e-12) + 1,
    floats=lambda n, k: 1 + 2 * sum_floats(n),
    ints=lambda n, k: 1 + 2 * window_ints(n),
)
