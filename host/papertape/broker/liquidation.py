"""When a margin book is liquidated: cross margin, one equity against the maintenance of all its positions."""

from collections.abc import Sequence
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from papertape.broker.book import Book
from papertape.broker.money import ZERO, add, exact, multiply, subtract
from papertape.contract.candle import CLOSE, Row
from papertape.contract.instrument import Instrument

SIXTEEN = Context(prec=16, traps=[DivisionByZero, InvalidOperation, Overflow])
"""As many digits as prices have when they are read: what is filled at a quotient must still multiply exactly."""


def maintenance(book: Book, instruments: Sequence[Instrument], last: tuple[Row | None, ...]) -> Decimal:
    """The equity below which the book is liquidated at the last closes, quote currency."""
    return _others(book, instruments, last, skip=None)[1]


def liquidation_price(
    book: Book, slot: int, instruments: Sequence[Instrument], last: tuple[Row | None, ...]
) -> Decimal | None:
    """The price of one position at which equity falls to maintenance, all others at their last closes.

    From  cash + others + q p = m_others + m |q| p,  so  p = (m_others - cash - others) / (q - m |q|)  with the
    instrument's maintenance rate m, to 16 digits. None where no price above 0 does that.
    """
    quantity = book.holdings[slot].quantity
    others, needed = _others(book, instruments, last, skip=slot)
    slope = subtract(quantity, multiply(instruments[slot].maintenance, quantity.copy_abs()))
    price = SIXTEEN.divide(subtract(subtract(needed, book.cash), others), slope)
    return price if price > 0 else None


def _others(
    book: Book, instruments: Sequence[Instrument], last: tuple[Row | None, ...], skip: int | None
) -> tuple[Decimal, Decimal]:
    value = needed = ZERO
    for slot in sorted(book.holdings):
        row = last[slot]
        if slot != skip and row is not None:
            worth = multiply(book.holdings[slot].quantity, exact(row[CLOSE]))
            value = add(value, worth)
            needed = add(needed, multiply(worth.copy_abs(), instruments[slot].maintenance))
    return value, needed
