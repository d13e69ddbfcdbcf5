"""Chande momentum oscillator with Wilder's averages, as TA-Lib has it.

cmo = 100 (U - D) / (U + D), U and D being Wilder's averages over n candles of the rises and of the falls of the close;
0 where neither is.

Source: TA-Lib, CMO. Inputs: close. Warm-up: as rsi, about 34 n candles. It is 2 rsi - 100, so it is offered by name
alone; cmou is Chande's own, with plain sums. Unlike TA-Lib's it is 0 once the close has not moved for 10 n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.momentum.rsi import rises_and_falls, rsi_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    up, down = rises_and_falls(f, i, 0, 0, int(p[0]), c.close[t] - c.close[t - 1])
    moved = up + down
    if moved == moved:
        o[0] = 100.0 * (up - down) / moved if moved > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="cmo",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("n", 14, 2, 500, "candles of Wilder's averages"),),
    outputs=(
        FeatureOutput("cmo", "rises less falls, against both", "-100..100", low=-100, high=100, scale=100, level=True),
    ),
    variants=((14,),),
    step=step,
    definition=__doc__,
    warmup=rsi_warmup,
    reach=lambda n: 2,
    floats=lambda n: 2,
    ints=lambda n: 3,
)
