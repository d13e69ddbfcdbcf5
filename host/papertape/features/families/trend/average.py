"""What every moving average is told by: its level, the close's distance from it, and its slope.

price_vs_X = close / X - 1. X_slope = (X / X five candles ago - 1) / 5: the change per candle as a fraction of the
average. Over one candle it would say nothing new: that of a simple average is the change of the close over n candles,
that of an exponential one its distance from the close.
"""

from typing import Any, Final

from papertape.contract.feature import FeatureOutput, kernel

RISE: Final = 5
"""Candles that a slope is measured over; what it needs in floats. It needs one int."""


def outputs(name: str, average: str, positive: bool = True) -> tuple[FeatureOutput, FeatureOutput, FeatureOutput]:
    """Level, distance and slope. `positive`: the average weighs no price below zero, so it lies among the prices."""
    low = 0.0 if positive else float("-inf")
    return (
        FeatureOutput(name, f"{average} of the close", "quote currency", low=low, scale="close", level=True),
        FeatureOutput(
            f"price_vs_{name}", f"close above its {average}", "fraction", low=-1.0 if positive else float("-inf")
        ),
        FeatureOutput(
            f"{name}_slope",
            f"change of the {average} over {RISE} candles, per candle",
            "fraction per candle",
            low=-1.0 / RISE if positive else float("-inf"),
            scale=0.01,
        ),
    )


@kernel
def told(f: Any, i: Any, a: int, b: int, average: float, close: float, o: Any) -> None:
    """Writes the three outputs; its state is `f[a : a + RISE]` and `i[b]`."""
    k = i[b]
    o[0] = average
    o[1] = close / average - 1.0
    o[2] = (average / f[a + k] - 1.0) / RISE
    f[a + k] = average
    i[b] = k + 1 if k + 1 < RISE else 0
