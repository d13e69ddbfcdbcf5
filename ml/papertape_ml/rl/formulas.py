"""What is seen of a book and what an action means, as plain functions of floats.

The environment compiles these very functions, a served policy calls them as they stand: additions, multiplications,
divisions and comparisons of float64 alone, so both give the same bits.
"""

import math
from typing import Final

GRID: Final = 10_000
"""Targets are multiples of 1/GRID of equity: exact as decimals, wherever they are computed."""
KEEP: Final = -(1 << 40)
"""In place of a target: the position stays as it is, and nothing is said."""

HOLD: Final = 0
CLOSE: Final = 7
"""Discrete actions: hold; buy small, medium, large; sell small, medium, large; close."""

REACH: Final = 10.0
"""No value of an observation lies further from 0."""
PATIENCE: Final = 24.0
"""Candles after which the age of a position reads 1/2."""
GAIN: Final = 10.0
CHANGE: Final = 100.0
"""What fractions of equity are multiplied with: gains and drawdowns, and changes within a candle."""


def book_inputs(
    quantity: float, entry: float, close: float, cash: float, equity: float, before: float, peak: float, age: float
) -> tuple[float, float, float, float, float, float, float]:
    """The raw values of a book, in the order of `observing.BOOK`; all NaN where it has no equity left.

    `quantity`: signed units; `entry`: average price paid; `close`, `cash`, `equity` in quote currency; `before`: equity
    at the close before; `peak`: the highest so far; `age`: candles since the position was opened, 0 where flat.
    """
    if not equity > 0.0:
        return math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan
    unrealised = quantity * (close - entry) / equity if quantity != 0.0 else 0.0
    return (
        quantity * close / equity,
        cash / equity,
        unrealised,
        1.0 - equity / peak,
        age,
        equity / before - 1.0,
        close / equity,
    )


def most(unit: float, leverage: float, most_units: float) -> float:
    """The largest position, as a fraction of equity. `unit`: price of a unit per unit of equity."""
    return min(leverage, most_units * unit)


def book_seen(
    held: float, cash: float, unrealised: float, drawdown: float, age: float, change: float, largest: float,
    leverage: float,
) -> tuple[float, float, float, float, float, float, float]:  # fmt: skip
    """The raw values as an observation has them, in the order of `observing.SEEN`; 0 for NaN."""
    return (
        within(held / largest),
        within(cash),
        within(unrealised * GAIN),
        within(drawdown * GAIN),
        within(age / (age + PATIENCE)),
        within(change * CHANGE),
        within(largest / leverage),
    )


def within(value: float) -> float:
    """`value`, no further than `REACH` from 0; 0 for NaN."""
    if value != value:
        return 0.0
    return min(max(value, -REACH), REACH)


def continuous(action: float, held: float, largest: float, least: float, band: float) -> int:
    """The target in 1/GRID of equity, or KEEP, of an action from -1 to 1: a share of the largest position.

    `held`: the position as a fraction of equity; `least`: 0 on spot, -1 on margin. A share within `band` of zero means
    flat; one within `band` of what is held changes nothing.
    """
    return _target(min(max(action, least), 1.0), held / largest, largest, band)


def discrete(
    action: int, held: float, largest: float, least: float, band: float, small: float, medium: float, large: float
) -> int:
    """The target of a discrete action, as `continuous`. `small`, `medium`, `large`: shares of the largest position that
    are bought or sold; buying never sells what is beyond it, nor selling buys."""
    if action == HOLD:
        return KEEP
    share = held / largest
    if action == CLOSE:
        return _target(0.0, share, largest, band)
    size = large if action == 3 or action == 6 else medium if action == 2 or action == 5 else small
    if action < 4:
        return _target(max(share, min(share + size, 1.0)), share, largest, band)
    return _target(min(share, max(share - size, least)), share, largest, band)


def _target(wanted: float, share: float, largest: float, band: float) -> int:
    if abs(wanted) < band:
        wanted = 0.0
    if wanted == 0.0:
        return 0 if share != 0.0 else KEEP
    if abs(wanted - share) < band:
        return KEEP
    steps = int(math.floor(abs(wanted) * largest * GRID))
    if steps == 0 and share == 0.0:
        return KEEP
    return steps if wanted > 0.0 else -steps
