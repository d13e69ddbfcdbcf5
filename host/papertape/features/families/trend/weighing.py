"""The linearly weighted mean that WMA and HMA are made of."""

from typing import Any

from papertape.contract.feature import kernel


@kernel
def weighted(close: Any, t: int, n: int) -> float:
    """Mean of the n values up to `close[t]`, the newest weighing n, the oldest 1.

    Sums differences from the newest, so that equal values have no rounding.
    """
    newest = close[t]
    total = 0.0
    for k in range(1, n):
        total += (n - k) * (close[t - k] - newest)
    return float(newest + 2.0 * total / (n * (n + 1.0)))
