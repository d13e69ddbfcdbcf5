"""Whole numbers of 128 bits as two of 64 (high, low), for money that is exact in compiled loops.

Every argument and result is a numpy uint64, without a sign; nothing here is called but in compiled code.
"""

from typing import Any, Final

import numpy as np

LOW: Final = np.uint64(0xFFFFFFFF)
HALF: Final = np.uint64(32)
BASE: Final = np.uint64(1 << 32)
TOP: Final = np.uint64(1 << 63)
ZERO: Final = np.uint64(0)
ONE: Final = np.uint64(1)
WIDTH: Final = np.uint64(64)
MOST_DECIMALS: Final = 18
POWERS: Final = np.array([10**k for k in range(20)], np.uint64)
"""Of ten."""


def product(a: Any, b: Any) -> Any:
    """a x b."""
    a1, a0, b1, b0 = a >> HALF, a & LOW, b >> HALF, b & LOW
    low = a0 * b0
    one = a1 * b0 + (low >> HALF)
    other = a0 * b1 + (one & LOW)
    return a1 * b1 + (one >> HALF) + (other >> HALF), (other << HALF) | (low & LOW)


def times(high: Any, low: Any, b: Any) -> Any:
    """(high, low) x b, which must fit."""
    carried, lowest = product(low, b)
    return high * b + carried, lowest


def plus(high: Any, low: Any, high2: Any, low2: Any) -> Any:
    """The sum, which must fit."""
    lowest = low + low2
    return high + high2 + (ONE if lowest < low else ZERO), lowest


def minus(high: Any, low: Any, high2: Any, low2: Any) -> Any:
    """The difference; the first must not be less."""
    return high - high2 - (ONE if low < low2 else ZERO), low - low2


def less(high: Any, low: Any, high2: Any, low2: Any) -> Any:
    """Whether the first is less than the second."""
    return high < high2 or (high == high2 and low < low2)


def divided(high: Any, low: Any, by: Any) -> Any:
    """Quotient (high, low) and remainder of a division by 64 bits, above 0."""
    if high == ZERO:
        return ZERO, low // by, low % by
    first = high // by
    second, rest = _long_division(high % by, low, by)
    return first, second, rest


def _long_division(high: Any, low: Any, by: Any) -> Any:
    """Quotient and remainder of 64 bits each, for high < by: D. E. Knuth, The Art of Computer Programming, volume 2,
    algorithm 4.3.1 D, with two digits of 32 bits."""
    shift = ZERO
    while by < TOP:
        by = by << ONE
        shift = shift + ONE
    if shift > ZERO:
        high = (high << shift) | (low >> (WIDTH - shift))
        low = low << shift
    b1, b0 = by >> HALF, by & LOW
    first = high // b1
    rest = high - first * b1
    while first >= BASE or first * b0 > ((rest << HALF) | (low >> HALF)):
        first = first - ONE
        rest = rest + b1
        if rest >= BASE:
            break
    middle = (high << HALF) + (low >> HALF) - first * by
    second = middle // b1
    rest = middle - second * b1
    while second >= BASE or second * b0 > ((rest << HALF) | (low & LOW)):
        second = second - ONE
        rest = rest + b1
        if rest >= BASE:
            break
    return (first << HALF) + second, ((middle << HALF) + (low & LOW) - second * by) >> shift


def nearest(high: Any, low: Any, by: Any) -> Any:
    """The quotient (high, low), rounded half-even."""
    first, second, rest = divided(high, low, by)
    left = by - rest
    if rest > left or (rest == left and second & ONE == ONE):
        return plus(first, second, ZERO, ONE)
    return first, second


def booked(high: Any, low: Any, decimals: int) -> Any:
    """The number / 10^decimals, rounded half-even; must fit into 64 bits then."""
    missed = False
    while decimals > MOST_DECIMALS:
        high, low, rest = divided(high, low, POWERS[MOST_DECIMALS])
        missed = missed or rest != ZERO
        decimals -= MOST_DECIMALS
    by = POWERS[decimals]
    _, found, rest = divided(high, low, by)
    left = by - rest
    if rest > left or (rest == left and (missed or found & ONE == ONE)):
        found = found + ONE
    return found
