"""Connors RSI: the index of the close, that of its streaks, and the rank of its newest return, in one.

streak = how many candles in a row the close has risen (positive) or fallen (negative), 0 where it stood still, counted
to 100 at most; rank = share of the last m returns below the newest; crsi = (rsi_n(close) + rsi_s(streak) + 100 rank) /
3.

Source: Connors and Alvarez, An Introduction to ConnorsRSI (2012). Inputs: close. Warm-up: of rsi for both, after 100
candles for the streak, and m + 2 candles. The index is 0 once it has had no movement for 10 of its windows (as rsi).
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.rsi import relative_strength, rsi_warmup

LONGEST = 100


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    m = int(p[2])
    change = c.close[t] - c.close[t - 1]
    if change != change:
        return
    before = i[6]
    if change > 0.0:
        i[6] = min(max(before, 0) + 1, LONGEST)
    elif change < 0.0:
        i[6] = max(min(before, 0) - 1, -LONGEST)
    else:
        i[6] = 0
    index = relative_strength(f, i, 0, 0, int(p[0]), change)
    streak = relative_strength(f, i, 2, 3, int(p[1]), float(i[6] - before))
    below = 0
    newest = c.gain[t]
    for k in range(1, m + 1):
        below += 1 if c.gain[t - k] < newest else 0
    o[0] = (index + streak + 100.0 * below / m) / 3.0


FAMILY = FeatureFamily(
    name="connors_rsi",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("n", 3, 2, 100, "candles of the index of the close"),
        FeatureParameter("s", 2, 2, 100, "candles of the index of the streak"),
        FeatureParameter("m", 100, 2, 200, "returns of the rank"),
    ),
    outputs=(FeatureOutput("crsi", "mean of the two indices and the rank", "0..100", 0, 100, scale=100),),
    variants=((3, 2, 100), (8, 5, 50)),
    step=step,
    definition=__doc__,
    warmup=lambda n, s, m: max(rsi_warmup(n), LONGEST + rsi_warmup(s), int(m) + 2),
    reach=lambda n, s, m: int(m) + 1,
    floats=lambda n, s, m: 4,
    ints=lambda n, s, m: 7,
)
