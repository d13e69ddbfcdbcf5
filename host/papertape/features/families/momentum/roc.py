"""Rate of change of the close over n candles, in the four ways that others write it.

roc = 100 (close / before - 1), rocp = (close - before) / before, rocr = close / before, rocr100 = 100 rocr, before =
the close n candles ago; roc and rocp 0, as the ratios, where that close is 0.

Source: TA-Lib, ROC, ROCP, ROCR, ROCR100. Inputs: close. Warm-up: n + 1 candles. roc is in percent, as TA-Lib has it;
returns is the same in fractions, so the catalogue lists other n here than there.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    before = c.close[t - int(p[0])]
    if before == 0.0:
        o[0] = o[1] = o[2] = o[3] = 0.0
    else:
        o[0] = 100.0 * (c.close[t] / before - 1.0)
        o[1] = (c.close[t] - before) / before
        o[2] = c.close[t] / before
        o[3] = 100.0 * (c.close[t] / before)


FAMILY = FeatureFamily(
    name="roc",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 10, 1, 2000, "candles of the change"),),
    outputs=(
        FeatureOutput("roc", "change of the close over n candles", "percent", low=-100),
        FeatureOutput("rocp", "change of the close over n candles", "fraction", low=-1, level=True),
        FeatureOutput("rocr", "close to the close n candles ago", "ratio", low=0, level=True),
        FeatureOutput("rocr100", "close to the close n candles ago", "percent", low=0, level=True),
    ),
    variants=((3,), (10,), (40,), (120,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: int(n) + 1,
)
