"""How fast a stake grows: figures of sizes (parts of equity) and of what came of the trades (parts of notional).

Source: Kelly (1956), A New Interpretation of Information Rate: what grows fastest in the long run is what has the
highest mean of log(1 + size x return).
"""

from dataclasses import dataclass

import numpy as np

from papertape.contract.candle import Floats

WORST = -0.99
"""A trade that loses more than this counts as losing this: the logarithm knows no ruin."""
_STEPS = 60


def log_growth(sizes: Floats, returns: Floats) -> Floats:
    """log(1 + size x return) of each trade `(n,)`.

    >>> log_growth(np.array([0.5]), np.array([1.0])).round(6).tolist()
    [0.405465]
    """
    grown: Floats = np.log1p(sizes * np.maximum(returns, WORST))
    return grown


def deepest(growth: Floats) -> float:
    """The largest fall of the wealth that these log growths, one after the other, make: a fraction of its top so far.

    >>> round(deepest(np.log([2.0, 0.5, 0.5, 3.0])), 6)
    0.75
    """
    path = np.concatenate(([0.0], np.cumsum(growth)))
    return 0.0 - float(np.expm1((path - np.maximum.accumulate(path)).min()))


def best_constant(returns: Floats, weights: Floats | None = None) -> float:
    """The one size from 0 to 1 that would have grown fastest on these trades.

    >>> round(best_constant(np.array([0.5, 0.5, -0.5])), 9)  # (2/3 - 1/3) / 0.5
    0.666666667
    """
    worst = np.maximum(returns, WORST)
    given = np.ones(len(worst)) if weights is None else weights
    low, high = 0.0, 1.0
    for _ in range(_STEPS):  # the slope falls, so its zero is between them, or at the end that it points to
        middle = (low + high) / 2
        if float((given * worst / (1.0 + middle * worst)).sum()) > 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


@dataclass(frozen=True, slots=True)
class Figures:
    """`growth`: mean log growth of a trade; `total`: wealth at the end for one at the start, less one; `drawdown`: the
    deepest; `size`: the mean size; `trades`: how many."""

    growth: float
    total: float
    drawdown: float
    size: float
    trades: int


def figures(sizes: Floats, returns: Floats) -> Figures:
    """Of trades one after the other; `sizes` `(n,)`, `returns` `(n,)`, n from 1 on."""
    growth = log_growth(sizes, returns)
    return Figures(
        float(growth.mean()), float(np.expm1(growth.sum())), deepest(growth), float(sizes.mean()), len(growth)
    )
