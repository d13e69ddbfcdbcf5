"""Balance of power: how much of a candle's range its body takes up, signed.

bop = (close - open) / (high - low), 0 where there is no range.

Source: Livshin, Balance of Market Power (2001); TA-Lib, BOP. Inputs: open, high, low, close. Warm-up: 1 candle. TA-Lib
takes a range below 1e-14 for none, here only 0 is none. It is the candle's body_ratio, so it is offered by name alone.
"""

from typing import Any

from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel


@kernel
def balance(c: Columns, t: int) -> float:
    """Body to range of one candle, signed."""
    width = c.high[t] - c.low[t]
    return (c.close[t] - c.open[t]) / width if width > 0.0 else 0.0


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = balance(c, t)


FAMILY = FeatureFamily(
    name="bop",
    category="momentum",
    memory="window",
    inputs=("open", "high", "low", "close"),
    outputs=(FeatureOutput("bop", "body to range of the candle, signed", "fraction", low=-1, high=1, level=True),),
    step=step,
    definition=__doc__,
)
