"""Bulk-volume classification: which share of a candle's volume was bought, from its price change alone.

Share of buys = CDF of (price change / standard deviation of price changes). Source: Easley, Lopez de Prado, O'Hara,
Flow toxicity and liquidity in a high-frequency world, Review of Financial Studies 25 (2012). As there, the change is
that of the close in quote currency and no mean is taken off. Here the CDF is the normal one (the authors also use a
Student t of 0.25 degrees of freedom), and the deviation is that of the last n changes (population, as TA-Lib's
STDDEV), for theirs is taken over the whole sample, future included.
"""

import math
from typing import Any

from papertape.contract.feature import Columns, kernel
from papertape.features.primitives.windows import window_moments


@kernel
def bulk_imbalance(f: Any, i: Any, a: int, b: int, n: int, c: Columns, t: int) -> float:
    """Share of buys less share of sells of the newest candle, -1 to 1.

    With z the standardised change this is 2 CDF(z) - 1 = erf(z / sqrt 2); where all changes are the same, its limit:
    their sign. State as for `window_moments`.
    """
    change = c.close[t] - c.close[t - 1]
    _, squares = window_moments(f, i, a, b, n, c.index[t], change)
    if squares == 0.0:
        return 0.0 if change == 0.0 else math.copysign(1.0, change)
    return math.erf(change / math.sqrt(2.0 * squares / n))
