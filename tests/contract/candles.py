"""Candles that can be told apart."""

from papertape import Row

MINUTE = 60_000


def candle(number: int, span: int = MINUTE) -> Row:
    """The candle of a number: it opens that many spans after the epoch, and all its values are its own."""
    base = 100.0 + number
    return (number * span, base, base + 3.0, base - 2.0, base + 1.0, 10.0 + number, 2)
