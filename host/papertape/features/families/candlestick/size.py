"""Size of a candle against what is usual.

body_vs_average_n = (close - open) / mean of |close - open| over the last n candles; range_vs_average_n = (high - low) /
mean of high - low over the same; body_share_average_n = the one mean over the other. The newest candle is among the n.
0 where the mean below the line is 0.

Source: our own definition. Inputs: open, high, low, close. Warm-up: n candles. Unit: multiples of the mean (so at most
n), and a fraction.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    grown, size = c.close[t] - c.open[t], c.high[t] - c.low[t]
    bodies = window_sum(f, i, 0, 0, n, c.index[t], abs(grown))
    sizes = window_sum(f, i, 2 * n + 1, n + 4, n, c.index[t], size)
    o[0] = n * (grown / bodies) if bodies != 0.0 else 0.0
    o[1] = n * (size / sizes) if sizes != 0.0 else 0.0
    o[2] = bodies / sizes if sizes != 0.0 else 0.0


FAMILY = FeatureFamily(
    name="candle_size",
    category="candlestick",
    memory="window",
    inputs=("open", "high", "low", "close"),
    parameters=(FeatureParameter("n", 10, 2, 1000, "candles of the mean"),),
    outputs=(
        FeatureOutput("body_vs_average", "body, signed, against the mean body", "multiples"),
        FeatureOutput("range_vs_average", "range against the mean range", "multiples", low=0),
        FeatureOutput("body_share_average", "mean body against the mean range", "fraction", low=0, high=1),
    ),
    variants=((5,), (10,), (30,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: 2 * sum_floats(n),
    ints=lambda n: 2 * window_ints(n),
)
