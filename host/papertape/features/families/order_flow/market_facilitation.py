"""Market facilitation index: range that a unit of volume makes.

market_facilitation = (high - low) / volume; 0 without a trade, as in TA-Lib.

Source: Williams, Trading Chaos (1995); TA-Lib, MARKETFI. Inputs: high, low, volume. Warm-up: none.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = (c.high[t] - c.low[t]) / c.volume[t] if c.volume[t] > 0.0 else 0.0


FAMILY = FeatureFamily(
    name="market_facilitation",
    category="volume and order flow",
    memory="window",
    inputs=("high", "low", "volume"),
    outputs=(FeatureOutput("market_facilitation", "range of a unit of volume", "quote / base", low=0, level=True),),
    step=step,
    definition=__doc__,
)
