"""Exact money. Every sum is exact or an error; rounding happens where a value is booked, and only there.

The contexts are our own, so that a plugin that changes the thread's decimal context changes nothing here.
"""

from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from numbers import Integral
from typing import Any, Final

EXACT: Final = Context(prec=80, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""For sums and products that must come out exact; a lost digit raises `decimal.Inexact`."""

ROUNDED: Final = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
"""For quotients and for rounding to a scale."""

SCALE: Final = Decimal("0.00000001")
"""The unit in which cash and fees are booked: 1e-8 of the quote currency."""

ZERO: Final = Decimal(0)

add: Final = EXACT.add
subtract: Final = EXACT.subtract
multiply: Final = EXACT.multiply
divide: Final = ROUNDED.divide


def exact(value: float) -> Decimal:
    """A price or quantity as read: the shortest decimal that gives this float64 back.

    >>> exact(0.1)
    Decimal('0.1')
    """
    return Decimal(repr(float(value)))


def decimal(value: Any) -> Decimal:
    """A number as an exact decimal; floats by their shortest form, numpy's numbers like Python's."""
    if isinstance(value, Decimal):
        return value
    return Decimal(int(value)) if isinstance(value, Integral) else exact(value)


def booked(value: Decimal) -> Decimal:
    """`value` at the scale of the books, rounded half-even.

    >>> booked(Decimal("0.000000125"))
    Decimal('1.2E-7')
    """
    return ROUNDED.quantize(value, SCALE)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `value`; `value` itself where step is 0.

    >>> floor_to(Decimal("1.2345"), Decimal("0.01"))
    Decimal('1.23')
    """
    return multiply(divide(value, step).to_integral_value(ROUND_FLOOR, ROUNDED), step) if step else value


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` that is not below `value`; `value` itself where step is 0."""
    return multiply(divide(value, step).to_integral_value(ROUND_CEILING, ROUNDED), step) if step else value


def plain(value: Decimal) -> str:
    """Plain notation without trailing zeros.

    >>> plain(Decimal("1.2300")), plain(Decimal("1E+3")), plain(Decimal("-0.00"))
    ('1.23', '1000', '0')
    """
    text = str(value)  # several times as fast as format(value, "f"), and most amounts need nothing else
    if "E" in text:
        text = format(value, "f")
    if text[-1] == "0" and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if value else "0"
