"""Candles in whole ticks, with gaps and long bodies, in which every candlestick pattern comes up."""

import numpy as np
from tests.features.reference.unblanked import DAY, Ours, candles


def drawn(count: int = 100_000) -> Ours:
    """Random candles, pulled back to a price of 1000."""
    dice = np.random.default_rng(9)
    bodies = dice.choice([0, 1, 2, 6, 12], count, p=[0.1, 0.25, 0.25, 0.25, 0.15]) * dice.choice([-1, 1], count)
    above = dice.choice([0, 0, 0, 0, 1, 3, 8], count)
    below = dice.choice([0, 0, 0, 0, 1, 3, 8], count)
    gaps = dice.choice([0, 0, -1, 1, -4, 4, -10, 10], count)
    opens, closes = np.empty(count), np.empty(count)
    last = 1000.0
    for t in range(count):
        opens[t] = last + gaps[t]
        closes[t] = opens[t] + bodies[t]
        last = np.round(0.99 * closes[t] + 10.0)
    highs, lows = np.maximum(opens, closes) + above, np.minimum(opens, closes) - below
    return Ours(candles(open=opens, high=highs, low=lows, close=closes), DAY, blanked=True)
