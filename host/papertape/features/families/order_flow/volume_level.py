"""Volume against its own recent mean.

volume_mean = mean of the last n volumes, the newest included; volume_ratio = volume / volume_mean; volume_zscore =
(volume - volume_mean) / s, s being their standard deviation (population), 0 where all are the same; volume_dispersion =
s / volume_mean. NaN where the mean is 0, the z-score apart.

Source: TA-Lib, SMA and STDDEV, of the volume. Inputs: volume. Warm-up: n candles. The z-score is at most sqrt(n - 1).
"""

import math
from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.windows import moments_floats, window_ints, window_moments


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    mean, squares = window_moments(f, i, 0, 0, n, c.index[t], c.volume[t])
    deviation = math.sqrt(squares / n)
    o[0] = mean
    o[2] = 0.0 if deviation == 0.0 else (c.volume[t] - mean) / deviation
    if mean > 0.0:
        o[1] = c.volume[t] / mean
        o[3] = deviation / mean


FAMILY = FeatureFamily(
    name="volume_level",
    category="volume and order flow",
    memory="window",
    inputs=("volume",),
    parameters=(FeatureParameter("n", 20, 2, 2000, "candles of the mean"),),
    outputs=(
        FeatureOutput("volume_mean", "mean volume", "base", low=0, level=True),
        FeatureOutput("volume_ratio", "volume against its mean", "ratio", low=0),
        FeatureOutput("volume_zscore", "volume above its mean, in standard deviations", "standard deviations"),
        FeatureOutput("volume_dispersion", "standard deviation of the volume, against its mean", "ratio", low=0),
    ),
    variants=((10,), (20,), (50,), (200,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    floats=lambda n: moments_floats(n),
    ints=lambda n: window_ints(n),
)
