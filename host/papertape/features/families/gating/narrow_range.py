"""Narrow range: the candle that is narrower than all before it.

narrow_range = 1 where high - low is the least of the last n candles, this one included, or exceeds that by no more than
1e-9 of the close; else 0.

Source: Crabel, Day Trading with Short Term Price Patterns and Opening Range Breakout (1990), NR4 and NR7; there a tie
does not count. Inputs: high, low, close. Warm-up: n candles. Unit: 0, 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_lowest

DEAD_BAND = 1e-9


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    width = c.high[t] - c.low[t]
    least = window_lowest(f, i, 0, 0, int(p[0]), c.index[t], width)
    o[0] = 1.0 if width - least <= DEAD_BAND * c.close[t] else 0.0


FAMILY = FeatureFamily(
    name="narrow_range",
    category="gating",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 7, 2, 1000, "candles"),),
    outputs=(FeatureOutput("narrow_range", "whether this candle is the narrowest", "0, 1", low=0, high=1),),
    variants=((4,), (7,), (20,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: sum_floats(n),
    ints=lambda n: window_ints(n),
)
