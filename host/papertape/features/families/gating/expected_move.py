"""Expected move against fees: whether what the price does in h candles pays for going in and out.

x = |ln(close / close h candles before)|, cost = 2 fee / 10000, a fee of so many basis points being paid on either side;
expected_move = mean of the last n x / cost; fee_clearing = share of the last n x that are above cost; fee_probability =
erfc(cost / (s sqrt(2 h))), s the sample deviation of the last n log returns: how often a random walk with this
volatility would move by more than cost in h candles, 0 where nothing moves.

Source: our own; the last is the two-sided tail of a normal distribution. Inputs: close. Warm-up: n + h candles. Unit:
multiple of the cost; 0 to 1.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.volatility.realised import deviation
from papertape.features.primitives.windows import moments_floats, sum_floats, window_ints, window_sum


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, h = int(p[0]), int(p[1])
    cost = 2.0 * p[2] / 10_000.0
    floats, ints = 2 * n + 1, n + 4
    move = abs(math.log(c.close[t] / c.close[t - h]))
    cleared = 1.0 if move > cost else 0.0 * move
    o[0] = window_sum(f, i, 0, 0, n, c.index[t], move) / n / cost
    o[1] = window_sum(f, i, floats, ints, n, c.index[t], cleared) / n
    spread = deviation(f, i, 2 * floats, 2 * ints, n, c.index[t], c.gain[t])
    o[2] = 0.0 if spread == 0.0 else math.erfc(cost / (spread * math.sqrt(2.0 * h)))


FAMILY = FeatureFamily(
    name="expected_move",
    category="gating",
    memory="window",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 50, 2, 1000, "moves that are looked at"),
        FeatureParameter("h", 5, 1, 1000, "candles of a move"),
        FeatureParameter("fee", 10.0, 0.01, 1000, "fee of one side, basis points"),
    ),
    outputs=(
        FeatureOutput("expected_move", "mean move over the cost of a round trip", "ratio", low=0),
        FeatureOutput("fee_clearing", "share of the moves that exceeded the cost", "fraction", low=0, high=1),
        FeatureOutput("fee_probability", "chance that the next move exceeds the cost", "fraction", low=0, high=1),
    ),
    variants=((50, 5, 10), (100, 20, 10), (100, 60, 5)),
    step=step,
    definition=__doc__,
    warmup=lambda n, h, fee: int(n) + int(h),
    reach=lambda n, h, fee: int(h) + 1,
    floats=lambda n, h, fee: 2 * sum_floats(n) + moments_floats(n),
    ints=lambda n, h, fee: 3 * window_ints(n),
)
