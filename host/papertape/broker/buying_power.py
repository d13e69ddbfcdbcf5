"""What a margin book can spend, and what a unit takes of it: notional where the book stands for all its positions, own
money where a position has its own margin."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from papertape.broker.book import Book
from papertape.broker.liquidation import shared
from papertape.broker.money import ZERO, add, booked, divide, exact, multiply, subtract
from papertape.contract.candle import CLOSE, Row
from papertape.contract.instrument import Instrument

ONE = Decimal(1)
SIXTEEN_UP = Context(prec=16, rounding=ROUND_UP, traps=[DivisionByZero, InvalidOperation, Overflow])
"""Never too little is put aside, in so many digits that products of it are exact."""


def unit_cost(instrument: Instrument, price: Decimal, rate: Decimal) -> Decimal:
    """What a unit at `price` takes from buying power, its fee (a fraction of notional) included."""
    if instrument.isolated:
        return SIXTEEN_UP.divide(
            multiply(price, add(ONE, multiply(instrument.leverage, max(rate, ZERO)))), instrument.leverage
        )
    return multiply(price, add(ONE, max(rate, ZERO)))


def unbound(book: Book, instruments: Sequence[Instrument], last: tuple[Row | None, ...]) -> Decimal:
    """Shared equity at the last closes less what the positions that it stands for bind, at their own leverage."""
    stand = shared(book, instruments, last)
    own = add(stand.cash, stand.value)
    for slot, worth in _exposed(book, last):
        own = subtract(own, booked(divide(worth, instruments[slot].leverage)))
    return own


def buying_power(
    book: Book, instruments: Sequence[Instrument], instrument: Instrument, last: tuple[Row | None, ...]
) -> Decimal:
    """What is left to spend on `instrument`, in the terms of `unit_cost`, beside positions and working orders.

    Not isolated: shared equity x leverage, less the exposure there is. Isolated: shared equity, less what the exposure
    binds.
    """
    reserved = [(order.slot, multiply(order.remaining, order.reserved)) for order in book.orders if order.reserved]
    if instrument.isolated:
        own = unbound(book, instruments, last)
        for slot, taken in reserved:
            share = ONE if instruments[slot].isolated else instruments[slot].leverage
            own = subtract(own, booked(divide(taken, share)))
        return own
    stand = shared(book, instruments, last)
    own, power = add(stand.cash, stand.value), ZERO
    for _, worth in _exposed(book, last):
        power = subtract(power, worth)
    for slot, taken in reserved:
        if instruments[slot].isolated:
            own = subtract(own, taken)
        else:
            power = subtract(power, taken)
    return add(power, multiply(own, instrument.leverage))


def _exposed(book: Book, last: tuple[Row | None, ...]) -> Iterator[tuple[int, Decimal]]:
    """The notional at the last close of each position that is not isolated, by slot."""
    for slot in sorted(book.holdings):
        row, holding = last[slot], book.holdings[slot]
        if row is not None and holding.margin is None:
            yield slot, multiply(holding.quantity.copy_abs(), exact(row[CLOSE]))
