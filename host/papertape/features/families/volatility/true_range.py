"""True range: how far the price went in one candle, the way from the close before included.

true_range = max(high, close') - min(low, close'), close' being the close before; true_range_pct = true_range / close'.

Source: Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib, TRANGE. Inputs: high, low, close. Warm-up: 2
candles. Unit: quote currency, and a fraction of the close before.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.span[t]
    o[1] = c.span[t] / c.close[t - 1]


FAMILY = FeatureFamily(
    name="true_range",
    category="volatility",
    memory="window",
    inputs=("high", "low", "close"),
    outputs=(
        FeatureOutput(
            "true_range", "way of the price in this candle", "quote currency", low=0, scale="close", level=True
        ),
        FeatureOutput("true_range_pct", "the same, against the close before", "fraction", low=0, scale=0.01),
    ),
    step=step,
    definition=__doc__,
    warmup=lambda: 2,
    reach=lambda: 2,
)
