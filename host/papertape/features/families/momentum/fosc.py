"""Forecast oscillator: the close off what the line through the n closes before it foretold.

forecast = the least-squares line through the n closes before the newest, one candle on; fosc = 100 (close - forecast) /
close.

Source: Chande and Kroll, The New Technical Trader (1994); TA-Lib, FOSC. Inputs: close. Warm-up: n + 1 candles.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    newest = c.close[t]
    mean, slope = 0.0, 0.0
    middle = 0.5 * (n - 1)
    for k in range(n):
        off = c.close[t - 1 - k] - newest
        mean += off
        slope += (middle - k) * off
    mean /= n
    slope /= n * (n * n - 1.0) / 12.0
    o[0] = -100.0 * (mean + slope * (middle + 1.0)) / newest


FAMILY = FeatureFamily(
    name="fosc",
    category="momentum",
    memory="window",
    inputs=("close",),
    parameters=(FeatureParameter("n", 5, 2, 200, "candles of the line"),),
    outputs=(FeatureOutput("fosc", "close off its forecast", "percent"),),
    variants=((5,), (20,), (60,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: int(n) + 1,
)
