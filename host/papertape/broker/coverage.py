"""What of an order its book covers at the price at which it fills."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from papertape.broker.book import Book
from papertape.broker.buying_power import unbound, unit_cost
from papertape.broker.money import SCALE, ZERO, add, booked, ceil_to, divide, floor_to, multiply, subtract
from papertape.contract.candle import Row
from papertape.contract.instrument import Instrument

ONE: Final = Decimal(1)
TWO: Final = Decimal(2)


def cost(quantity: Decimal, price: Decimal, rate: Decimal) -> Decimal:
    """What a buy takes from cash: notional and fee (`rate`: a fraction of it) as they are booked, quote currency."""
    notional = multiply(quantity, price)
    return add(booked(notional), booked(multiply(notional, rate)))


def cash_covers(book: Book, lot: Decimal, quantity: Decimal, price: Decimal, rate: Decimal) -> Decimal:
    """The largest multiple of the lot, up to `quantity`, whose `cost` the book's cash covers."""
    cash = book.free()
    if cost(quantity, price, rate) <= cash:
        return quantity
    unit = multiply(price, add(ONE, rate))
    # Booking rounds notional and fee by up to half a unit of the scale each, so the answer lies between these.
    least = max(floor_to(divide(subtract(cash, SCALE), unit), lot), ZERO)
    most = min(quantity, floor_to(divide(add(max(cash, ZERO), SCALE), unit), lot))
    while least < most:
        middle = add(least, ceil_to(divide(subtract(most, least), TWO), lot))
        if cost(middle, price, rate) <= cash:
            least = middle
        else:
            most = subtract(middle, lot)
    return least


def margin_covers(
    book: Book,
    instruments: Sequence[Instrument],
    last: tuple[Row | None, ...],
    slot: int,
    sign: int,
    quantity: Decimal,
    price: Decimal,
    rate: Decimal,
) -> Decimal:
    """A multiple of the lot, up to `quantity`, of which what opens an isolated position has its margin and fee covered;
    `sign`: 1 buys, -1 sells; other positions at their `last` closes."""
    held = book.quantity(slot)
    closing = min(quantity, held.copy_abs()) if (held > 0) == (sign < 0) and held else ZERO
    if closing == quantity:
        return quantity
    instrument, fee = instruments[slot], max(rate, ZERO)
    power = unbound(book, instruments, last)
    if closing:  # what it closes first leaves its worth behind
        freed = subtract(multiply(held, price), book.holdings[slot].owed)
        power = subtract(add(power, freed), multiply(multiply(closing, price), fee))
    unit, lot = unit_cost(instrument, price, rate), instrument.lot

    def covered(units: Decimal) -> bool:
        notional = multiply(units, price)
        margin = booked(divide(notional, instrument.leverage))
        return add(margin, booked(multiply(notional, fee))) <= power

    # Booking rounds margin and fee by up to half a unit of the scale each, so the last of these is covered.
    most = floor_to(divide(max(power, ZERO), unit), lot)
    least = floor_to(divide(max(subtract(power, multiply(SCALE, TWO)), ZERO), unit), lot)
    return add(closing, next(filter(covered, (subtract(quantity, closing), most, least)), ZERO))
