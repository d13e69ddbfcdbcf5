"""Mass index: ranges that widen, whichever way the price goes.

a = exponential average over n candles of high - low, b = exponential average over n candles of a; mass_index = sum of
the last m a / b, where both are taken as at least a millionth of the close, so that a market which stands still gives
m.

Source: Dorsey, The Mass Index (Stocks and Commodities, 1992); TA-Lib, MASSI. Inputs: high, low, close (for the least
range). Warm-up: until the seeds' weight is below 1e-15, as the value divides by what may be small, and m candles. Unit:
m in a market that stays as it is; above 27, then below 26.5 is Dorsey's reversal bulge for (9, 25).
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum

LEAST = 1e-6


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, m = int(p[0]), int(p[1])
    once = ema(f, i, 0, 0, n, c.high[t] - c.low[t])
    twice = ema(f, i, 1, 1, n, once)
    least = LEAST * c.close[t]
    share = (once if once > least else least) / (twice if twice > least else least)
    o[0] = window_sum(f, i, 2, 2, m, c.index[t], share)


FAMILY = FeatureFamily(
    name="mass_index",
    category="volatility",
    memory="decaying",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("n", 9, 2, 500, "candles of both averages"),
        FeatureParameter("m", 25, 2, 1000, "candles of the sum"),
    ),
    outputs=(FeatureOutput("mass_index", "sum of a range average over its own average", "ratio", low=0, scale=10),),
    variants=((9, 25), (20, 50)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: ema_warmup(n, 2, tolerance=1e-15) + int(m),
    floats=lambda n, m: 2 + sum_floats(m),
    ints=lambda n, m: 2 + window_ints(m),
)
