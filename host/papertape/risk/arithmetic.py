"""Exact amounts into units: the decimal arithmetic of sizers and rules."""

from decimal import ROUND_DOWN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

DOWN = Context(prec=60, rounding=ROUND_DOWN, traps=[DivisionByZero, InvalidOperation, Overflow])
"""60 digits and down: products of prices, quantities and fractions come out exact, quotients never too large."""


def units(notional: Decimal, price: Decimal) -> Decimal:
    """How many units `notional` buys at `price`, both in quote currency; never more than it can.

    >>> units(Decimal(950), Decimal(8))
    Decimal('118.75')
    """
    return DOWN.divide(notional, price)


def shared(symbols: int) -> str:
    """That an amount is for all of a session's symbols together, in words; nothing where there is one.

    >>> shared(3), shared(1)
    (', split between 3 symbols', '')
    """
    return f", split between {symbols} symbols" if symbols > 1 else ""
