"""A candle's parts, what size of them is usual, and the strength of a pattern: what all patterns are told by.

Usual sizes are means over the 10 (or 5) candles before the one in question, that one left out: TA-Lib's candle
settings with their defaults (BodyLong, BodyShort, BodyDoji, ShadowShort, ShadowVeryShort, Near, Far, Equal). Every mean
is summed anew from its oldest candle to its newest, as TA-Lib sums when it is given these candles alone. TA-Lib's own
sums run on through a history and gather rounding; where a candle is exactly as large as the limit the two may differ
(103 of 1.16 million occurrences in 22 hourly histories); given the pattern's own candles alone they never do.
"""

from typing import Any

from papertape.contract.feature import kernel

USUAL = 10
"""Candles that a usual size is taken over."""


@kernel
def body(c: Any, t: int) -> float:
    """Distance from open to close."""
    return float(abs(c.close[t] - c.open[t]))


@kernel
def colour(c: Any, t: int) -> float:
    """1 for a candle that closes at its open or above (white), else -1 (black)."""
    return 1.0 if c.close[t] >= c.open[t] else -1.0


@kernel
def top(c: Any, t: int) -> float:
    """The body's upper end."""
    return float(max(c.open[t], c.close[t]))


@kernel
def bottom(c: Any, t: int) -> float:
    """The body's lower end."""
    return float(min(c.open[t], c.close[t]))


@kernel
def upper(c: Any, t: int) -> float:
    """The upper wick."""
    return float(c.high[t] - max(c.open[t], c.close[t]))


@kernel
def lower(c: Any, t: int) -> float:
    """The lower wick."""
    return float(min(c.open[t], c.close[t]) - c.low[t])


@kernel
def gapped(c: Any, t: int, k: int, side: float) -> bool:
    """Whether the body of candle `t` lies wholly above (side 1) or below (side -1) that of candle `k`."""
    if side > 0.0:
        return bottom(c, t) > top(c, k)
    return top(c, t) < bottom(c, k)


@kernel
def usual_body(c: Any, t: int) -> float:
    """Mean body; a long body is above it, a short one below or at it."""
    total = 0.0
    for k in range(t - USUAL, t):
        total += abs(c.close[k] - c.open[k])
    return total / USUAL


@kernel
def usual_wick(c: Any, t: int) -> float:
    """Mean length of one wick, half of both; a short wick is below it."""
    total = 0.0
    for k in range(t - USUAL, t):
        total += upper(c, k) + lower(c, k)
    return total / USUAL / 2.0


@kernel
def usual_range(c: Any, t: int) -> float:
    """Mean distance from low to high."""
    total = 0.0
    for k in range(t - USUAL, t):
        total += c.high[k] - c.low[k]
    return total / USUAL


@kernel
def tiny(c: Any, t: int) -> float:
    """A tenth of the usual range: the body of a doji is not above it, a wick below it is as good as none."""
    return 0.1 * usual_range(c, t)


@kernel
def recent_range(c: Any, t: int) -> float:
    """Mean distance from low to high over 5 candles."""
    total = 0.0
    for k in range(t - 5, t):
        total += c.high[k] - c.low[k]
    return total / 5.0


@kernel
def near(c: Any, t: int) -> float:
    """Prices this close together are near: a fifth of the recent range."""
    return 0.2 * recent_range(c, t)


@kernel
def far(c: Any, t: int) -> float:
    """Lengths that differ by more are far apart: 0.6 of the recent range."""
    return 0.6 * recent_range(c, t)


@kernel
def equal(c: Any, t: int) -> float:
    """Prices this close together count as equal: a twentieth of the recent range."""
    return 0.05 * recent_range(c, t)


@kernel
def clarity(much: float, little: float) -> float:
    """Strength of a pattern that is there: from 0.5 (nothing of `much`) up to 1 (nothing of `little`)."""
    both = much + little
    return 0.5 + 0.5 * much / both if both > 0.0 else 0.5


@kernel
def force(c: Any, t: int, candles: int) -> float:
    """Strength by size: the bodies of a pattern's candles against as many usual ones before it."""
    bodies = 0.0
    for k in range(t - candles + 1, t + 1):
        bodies += abs(c.close[k] - c.open[k])
    return clarity(bodies, candles * usual_body(c, t - candles + 1))
