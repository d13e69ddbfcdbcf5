"""Aroon: how recent the highest high and the lowest low are.

aroon_up = 100 (n - candles since the highest high of the last n + 1 candles) / n, aroon_down likewise for the lowest
low; of equal ones the newest counts. aroon_osc = aroon_up - aroon_down.

Source: Chande, The time price oscillator, Technical Analysis of Stocks & Commodities 13 (1995); TA-Lib, AROON and
AROONOSC. Inputs: high, low. Warm-up: n + 1 candles. Unit: 0 to 100; aroon_osc -100 to 100.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, FeatureParameter, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    n = int(p[0])
    since_high = 0
    since_low = 0
    high = c.high[t]
    low = c.low[t]
    for k in range(1, n + 1):
        if c.high[t - k] > high:
            high = c.high[t - k]
            since_high = k
        if c.low[t - k] < low:
            low = c.low[t - k]
            since_low = k
    o[0] = 100.0 * (n - since_high) / n
    o[1] = 100.0 * (n - since_low) / n
    o[2] = 100.0 * (since_low - since_high) / n


FAMILY = FeatureFamily(
    name="aroon",
    category="trend",
    memory="window",
    inputs=("high", "low"),
    parameters=(FeatureParameter("n", 14, 2, 200, "candles to look back on"),),
    outputs=(
        FeatureOutput("aroon_up", "how recent the highest high is", "0..100", low=0, high=100, scale=100),
        FeatureOutput("aroon_down", "how recent the lowest low is", "0..100", low=0, high=100, scale=100),
        FeatureOutput("aroon_osc", "aroon_up less aroon_down", "-100..100", low=-100, high=100, scale=100),
    ),
    variants=((14,), (25,), (50,)),
    step=step,
    definition=__doc__,
    warmup=lambda n: int(n) + 1,
    reach=lambda n: int(n) + 1,
)
