"""Which rank the newest volume has among those of the last n candles.

volume_rank = (how many of the other n - 1 volumes are smaller + half of those that are the same) / (n - 1).

Source: Lehmann, Nonparametrics (1975), midranks, here on a scale of 0 to 1. Inputs: volume. Warm-up: n candles. Range:
0 to 1, 0.5 where all are the same.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.families.statistics.percent_rank import rank


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = rank(c.volume, t, int(p[0]))


FAMILY = FeatureFamily(
    name="volume_rank",
    category="volume and order flow",
    memory="window",
    inputs=("volume",),
    parameters=(FeatureParameter("n", 30, 2, 500, "candles that are ranked"),),
    outputs=(FeatureOutput("volume_rank", "rank of the volume among the last", "0..1", low=0, high=1),),
    variants=((30,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    reach=lambda n: int(n),
)
