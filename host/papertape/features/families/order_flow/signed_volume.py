"""Volume with the sign of the close's change: what on-balance volume and its kin add up."""

import math
from typing import Any

from papertape.contract.feature import Columns, kernel


@kernel
def sign(v: float) -> float:
    """1, 0 or -1; NaN of NaN."""
    if v != v:
        return math.nan
    return 1.0 if v > 0.0 else (-1.0 if v < 0.0 else 0.0)


@kernel
def signed_volume(c: Columns, t: int) -> Any:
    """Volume of a candle that closes above the one before, minus it below, 0 level with it; NaN at the first candle."""
    return sign(c.close[t] - c.close[t - 1]) * c.volume[t]
