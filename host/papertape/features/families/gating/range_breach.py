"""Range breach: a close outside the range of the candles before.

H and L = highest high and lowest low of the n candles before this one; range_breach_size = close / H - 1 where that is
above 1e-9, close / L - 1 where that is below -1e-9, else 0; range_breach = its sign.

Source: our own form of Donchian's breakout; 1e-9 keeps prices apart from their rounding. Inputs: high, low, close.
Warm-up: n + 1 candles. Unit: fraction of the price; -1, 0 or 1.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_highest, window_ints, window_lowest

DEAD_BAND = 1e-9


@kernel
def breach(f: Any, i: Any, a: int, b: int, n: int, index: float, high: float, low: float, close: float) -> float:
    """How far the close is outside; `high` and `low` are those of the candle before. `breach_floats`, `breach_ints`."""
    over = close / window_highest(f, i, a, b, n, index, high) - 1.0
    under = close / window_lowest(f, i, a + 2 * n + 1, b + n + 4, n, index, low) - 1.0
    if over > DEAD_BAND:
        return over
    if under < -DEAD_BAND:
        return under
    return 0.0 * (over - under)


def breach_floats(n: float) -> int:
    return 2 * sum_floats(n)


def breach_ints(n: float) -> int:
    return 2 * window_ints(n)


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    size = breach(f, i, 0, 0, int(p[0]), c.index[t], c.high[t - 1], c.low[t - 1], c.close[t])
    o[0] = size
    o[1] = 1.0 if size > 0.0 else -1.0 if size < 0.0 else size


FAMILY = FeatureFamily(
    name="range_breach",
    category="gating",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(FeatureParameter("n", 20, 1, 1000, "candles of the range"),),
    outputs=(
        FeatureOutput("range_breach_size", "how far the close is outside the range before", "fraction", low=-1),
        FeatureOutput("range_breach", "on which side of the range before the close is", "-1, 0, 1", low=-1, high=1),
    ),
    variants=((10,), (20,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: 2,
    floats=breach_floats,
    ints=breach_ints,
)
