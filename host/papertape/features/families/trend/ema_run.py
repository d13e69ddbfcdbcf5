"""How many candles in a row have closed on the same side of the exponential average.

consecutive_above_ema = closes in a row, the newest included, above the average of their own candle; negative for
closes below; at most 100 either way. A close within 1e-9 of the average is on neither side: 0.

Source: ours; the average as TA-Lib's EMA. Inputs: close. Warm-up: until the average's seed weighs less than 1e-13, well
within the dead band, and 100 candles.
"""

from typing import Any, Final

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema
from papertape.features.primitives.warmup import ema_warmup

BAND: Final = 1e-9
MOST: Final = 100


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    close = c.close[t]
    off = close - ema(f, i, 0, 0, int(p[0]), close)
    if off > BAND * close:
        i[1] = min(max(i[1], 0) + 1, MOST)
    elif off < -BAND * close:
        i[1] = max(min(i[1], 0) - 1, -MOST)
    else:
        i[1] = 0
    o[0] = i[1]


FAMILY = FeatureFamily(
    name="ema_run",
    category="trend",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 21, 2, 1000, "candles of the average"),),
    outputs=(
        FeatureOutput(
            "consecutive_above_ema", "closes in a row above the average, below it negative", "candles", -MOST, MOST
        ),
    ),
    variants=((9,), (21,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: ema_warmup(n, 1, 1e-13) + MOST,
    floats=lambda n: 1,
    ints=lambda n: 2,
)
