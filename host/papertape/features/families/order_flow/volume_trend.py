"""Slope of the volume over the last n candles.

volume_slope = least-squares slope of the volume on the candle's place, per candle; volume_trend = n volume_slope /
mean volume: how much the fitted line gains over the window, against its middle; NaN where there was no volume.

Source: TA-Lib, LINEARREG_SLOPE, of the volume. Inputs: volume. Warm-up: n candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    total, rise = 0.0, 0.0
    middle = 0.5 * (n - 1)
    for k in range(n):
        total += c.volume[t - k]
        rise += (middle - k) * c.volume[t - k]
    slope = rise * 12.0 / (n * (n * n - 1.0))
    o[0] = slope
    if total > 0.0:
        o[1] = slope * n * n / total


FAMILY = FeatureFamily(
    name="volume_trend",
    category="volume and order flow",
    memory="window",
    inputs=("volume",),
    parameters=(FeatureParameter("n", 30, 3, 500, "candles of the line"),),
    outputs=(
        FeatureOutput("volume_slope", "slope of the volume", "base per candle", level=True),
        FeatureOutput("volume_trend", "rise of the volume's line over the window, against its mean", "fraction"),
    ),
    variants=((10,), (30,), (100,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n),
    reach=lambda n: int(n),
)
