"""Where the close stands in its candle: what accumulation and distribution weigh volume with."""

from papertape.contract.feature import Columns, kernel


@kernel
def close_location(c: Columns, t: int) -> float:
    """((close - low) - (high - close)) / (high - low): -1 at the low, 1 at the high; 0 where they are one (TA-Lib)."""
    height = c.high[t] - c.low[t]
    if height <= 0.0:
        return 0.0
    return float(((c.close[t] - c.low[t]) - (c.high[t] - c.close[t])) / height)
