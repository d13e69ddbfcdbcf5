"""Ultimate oscillator: buying pressure over three windows, the shortest weighing most.

low' = the lower of low and the close before; share_n = sum of (close - low') / sum of true ranges over n candles, 0
where they are none; ultosc = 100 (4 share_a + 2 share_b + share_c) / 7.

Source: Williams, The Ultimate Oscillator (1985); TA-Lib, ULTOSC (which sorts a, b, c; here the order given stands).
Inputs: high, low, close. Warm-up: max(a, b, c) + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import sum_floats, window_ints, window_sum


@kernel
def bought(f: Any, i: Any, a: int, b: int, n: int, index: float, pressure: float, span: float) -> float:
    """Buying pressure against true ranges over n candles; 4 n + 2 floats, 2 n + 8 ints."""
    above = window_sum(f, i, a, b, n, index, pressure)
    below = window_sum(f, i, a + 2 * n + 1, b + n + 4, n, index, span)
    return above / below if below != 0.0 else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n, m, k = int(p[0]), int(p[1]), int(p[2])
    index, span = c.index[t], c.span[t]
    pressure = c.close[t] - min(c.low[t], c.close[t - 1]) if span == span else span
    first = bought(f, i, 0, 0, n, index, pressure, span)
    second = bought(f, i, 4 * n + 2, 2 * n + 8, m, index, pressure, span)
    third = bought(f, i, 4 * (n + m) + 4, 2 * (n + m) + 16, k, index, pressure, span)
    o[0] = 100.0 * (4.0 * first + 2.0 * second + third) / 7.0


FAMILY = FeatureFamily(
    name="ultosc",
    category="momentum",
    memory="window",
    inputs=("high", "low", "close"),
    parameters=(
        FeatureParameter("a", 7, 1, 1000, "candles of the short window"),
        FeatureParameter("b", 14, 1, 1000, "candles of the middle window"),
        FeatureParameter("c", 28, 1, 1000, "candles of the long window"),
    ),
    outputs=(FeatureOutput("ultosc", "buying pressure over three windows", "0..100", 0, 100, scale=100),),
    variants=((7, 14, 28), (14, 28, 56)),
    aliases={"ultimate_oscillator": "ultosc_7_14_28"},
    step=step,
    definition=__doc__,
    warmup=lambda a, b, c: int(max(a, b, c)) + 1,
    reach=lambda a, b, c: 2,
    floats=lambda a, b, c: 2 * (sum_floats(a) + sum_floats(b) + sum_floats(c)),
    ints=lambda a, b, c: 2 * (window_ints(a) + window_ints(b) + window_ints(c)),
)
