"""Time since a range breach, in candles.

time_since_breach_up, time_since_breach_down = candles since the close was last above, or below, the range of the n
candles before it, as `range_breach` has it: 0 in the candle itself, 120 where it is 120 candles or more;
time_since_breach = the lesser of the two; breach_side = (time_since_breach_down - time_since_breach_up) / 120: which
side was left last, and how lately.

Source: our own. Inputs: high, low, close. Warm-up: n + 121 candles. Unit: candles, 0 to 120; -1 to 1.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.gating.range_breach import breach, breach_floats, breach_ints

MOST: Final = 120


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    size = breach(f, i, 0, 2, int(p[0]), c.index[t], c.high[t - 1], c.low[t - 1], c.close[t])
    # Kept as what is left of MOST, so that the zeros of a new state say "long ago".
    i[0] = MOST if size > 0.0 else max(i[0] - 1, 0)
    i[1] = MOST if size < 0.0 else max(i[1] - 1, 0)
    o[0] = float(MOST - max(i[0], i[1]))
    o[1] = float(MOST - i[0])
    o[2] = float(MOST - i[1])
    o[3] = (i[0] - i[1]) / MOST


FAMILY = FeatureFamily(
    name="time_since_breach",
    category="gating",
    memory="path",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 1, 1000, "candles of the range"),),
    outputs=(
        FeatureOutput("time_since_breach", "candles since the range was left", "candles", low=0, high=MOST),
        FeatureOutput("time_since_breach_up", "candles since it was left upwards", "candles", low=0, high=MOST),
        FeatureOutput("time_since_breach_down", "candles since it was left downwards", "candles", low=0, high=MOST),
        FeatureOutput("breach_side", "side that was left last, fading", "fraction", low=-1, high=1),
    ),
    variants=((20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1 + MOST,
    reach=lambda n: 2,
    floats=breach_floats,
    ints=lambda n: 2 + breach_ints(n),
)
