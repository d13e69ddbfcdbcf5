"""Price momentum oscillator: the return of one candle, smoothed twice.

average_n moves 2 / n of the way to each value; pmo = average_b(10 average_a(return)), return = 100 (close / close
before - 1); pmo_signal = ema_s(pmo), pmo_hist = pmo - pmo_signal.

Source: Swenlin, DecisionPoint Price Momentum Oscillator (StockCharts). Inputs: close. Warm-up: until the seeds' weights
are below 1e-13, and below 1e-11 for the signal.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel
from papertape.features.primitives.smoothing import ema, faded
from papertape.features.primitives.warmup import ema_warmup, fading_warmup


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    change = 100.0 * (c.close[t] / c.close[t - 1] - 1.0)
    once = 10.0 * faded(f, i, 0, 0, int(p[0]), 2.0 / p[0], change)
    twice = faded(f, i, 1, 1, int(p[1]), 2.0 / p[1], once)
    signal = ema(f, i, 2, 2, int(p[2]), twice)
    o[0] = twice
    o[1] = signal
    o[2] = twice - signal


FAMILY = FeatureFamily(
    name="pmo",
    category="momentum",
    memory="decaying",
    inputs=("close",),
    parameters=(
        FeatureParameter("a", 35, 3, 300, "candles of the first average"),
        FeatureParameter("b", 20, 3, 300, "candles of the second average"),
        FeatureParameter("s", 10, 2, 300, "candles of the signal"),
    ),
    outputs=(
        FeatureOutput("pmo", "return of a candle, smoothed twice", "tenths of a percent"),
        FeatureOutput("pmo_signal", "average of pmo", "tenths of a percent"),
        FeatureOutput("pmo_hist", "pmo less its signal", "tenths of a percent"),
    ),
    variants=((10, 6, 4), (35, 20, 10)),
    step=step,
    definition=__doc__,
    warmup=lambda a, b, s: fading_warmup(2 / max(a, b), 2, 1e-13) + int(a + b) + ema_warmup(s, 1, 1e-11) + 1,
    reach=lambda a, b, s: 2,
    floats=lambda a, b, s: 3,
    ints=lambda a, b, s: 3,
)
