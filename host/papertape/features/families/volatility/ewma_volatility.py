"""Exponentially weighted volatility.

v = v' + (1 - decay) (r^2 - v'), r the log return, seeded with the mean of the first 1 / (1 - decay) squares;
ewma_volatility = sqrt(v), per candle.

Source: RiskMetrics, Technical Document (1996), with decay 0.94 for days. Inputs: close. Warm-up: until the seed's
weight is below 1e-18, so that its root is below 1e-9 although nothing moves afterwards.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import faded
from papertape.features.primitives.warmup import fading_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    weight = 1.0 - p[0]
    o[0] = math.sqrt(faded(f, i, 0, 0, math.ceil(1.0 / weight), weight, c.gain[t] * c.gain[t]))


FAMILY = FeatureFamily(
    name="ewma_volatility",
    category="volatility",
    memory="decaying",
    inputs=("close",),
    parameters=(FeatureParameter("decay", 0.94, 0.5, 0.99, "what a square weighs against the next one"),),
    outputs=(FeatureOutput("ewma_volatility", "volatility that fades, per candle", "log return", low=0, scale=0.01),),
    variants=((0.8,), (0.94,), (0.97,)),
    step=step,
    definition=__doc__,
    warmup=lambda decay: fading_warmup(1.0 - decay, 1, 1e-18) + math.ceil(1.0 / (1.0 - decay)) + 1,
    reach=lambda decay: 2,
    floats=lambda decay: 1,
    ints=lambda decay: 1,
)
