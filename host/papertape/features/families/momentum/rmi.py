"""Relative momentum index: the relative strength index of moves over m candles.

rmi = 100 U / (U + D), U and D being Wilder's averages over n candles of the rises and of the falls of the close against
the close m candles ago; 0 where neither is.

Source: Altman, Relative Momentum Index (1993). Inputs: close. Warm-up: that of rsi, and m - 1 candles. It is 0 once the
close has stood where it was m candles ago for 10 n candles (as rsi).
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.rsi import relative_strength, rsi_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = relative_strength(f, i, 0, 0, int(p[0]), c.close[t] - c.close[t - int(p[1])])


FAMILY = FeatureFamily(
    name="rmi",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 14, 2, 500, "candles of Wilder's averages"),
        FeatureParameter("m", 5, 1, 500, "candles of a move"),
    ),
    outputs=(FeatureOutput("rmi", "share of the moves that went up", "0..100", 0, 100, scale=100),),
    variants=((14, 5), (21, 20)),
    step=step,
    definition=__doc__,
    warmup=lambda n, m: rsi_warmup(n) + int(m) - 1,
    reach=lambda n, m: int(m) + 1,
    floats=lambda n, m: 2,
    ints=lambda n, m: 3,
)
