"""When positions are liquidated: an isolated one against its own maintenance, all others together against theirs."""

from collections.abc import Sequence
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import NamedTuple

from papertape.broker.book import Book
from papertape.broker.money import ZERO, add, exact, multiply, subtract
from papertape.contract.candle import CLOSE, Row
from papertape.contract.instrument import Instrument, Tier

SIXTEEN = Context(prec=16, traps=[DivisionByZero, InvalidOperation, Overflow])
"""As many digits as prices have when they are read: what is filled at a quotient must still multiply exactly."""


class Stand(NamedTuple):
    """What stands for positions: `cash`, their `value` at some prices, and the `maintenance` that they need there;
    quote currency. They are liquidated when cash + value is no longer above it."""

    cash: Decimal
    value: Decimal
    maintenance: Decimal

    @property
    def fallen(self) -> bool:
        return add(self.cash, self.value) <= self.maintenance


def maintenance_of(instrument: Instrument, notional: Decimal) -> Decimal:
    """The maintenance margin of a position worth `notional`, quote currency: notional x rate - deduction, by its tier.

    The formula is Binance's for USD-M futures (https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93).
    """
    if not instrument.tiers:
        return multiply(notional, instrument.maintenance)
    tier = next(tier for tier in reversed(instrument.tiers) if tier.floor <= notional)
    return subtract(multiply(notional, tier.rate), tier.deduction)


def shared(
    book: Book, instruments: Sequence[Instrument], last: tuple[Row | None, ...], skip: int | None = None
) -> Stand:
    """What stands for all positions of a book that are not isolated, at the last closes, without the one to `skip`."""
    value = needed = ZERO
    for slot in sorted(book.holdings):
        row, holding = last[slot], book.holdings[slot]
        if slot != skip and row is not None and holding.margin is None:
            worth = multiply(holding.quantity, exact(row[CLOSE]))
            value = add(value, worth)
            needed = add(needed, maintenance_of(instruments[slot], worth.copy_abs()))
    return Stand(book.free(), value, needed)


def due(book: Book, instruments: Sequence[Instrument], last: tuple[Row | None, ...]) -> list[int]:
    """The slots of the positions that are to be liquidated at the last closes, in order."""
    found, together = [], None
    for slot in sorted(book.holdings):
        holding, row = book.holdings[slot], last[slot]
        assert row is not None
        if holding.margin is None:
            together = together or shared(book, instruments, last)
            stand = together
        else:
            worth = multiply(holding.quantity, exact(row[CLOSE]))
            needed = maintenance_of(instruments[slot], worth.copy_abs())
            stand = Stand(holding.owed.copy_negate(), worth, needed)
        if stand.fallen:
            found.append(slot)
    return found


def liquidation_price(
    book: Book, slot: int, instruments: Sequence[Instrument], last: tuple[Row | None, ...]
) -> Decimal | None:
    """The price of one position at which what stands for it falls to its maintenance, others at their last closes.

    From  cash + others + q p = m_others + r |q| p - d,  so  p = (m_others - d - cash - others) / (q - r |q|)  with the
    rate r and the deduction d of the tier in which that price lies, to 16 digits. None where no price above 0 does it.
    """
    holding = book.holdings[slot]
    if holding.margin is None:
        stand = shared(book, instruments, last, skip=slot)
    else:
        stand = Stand(holding.owed.copy_negate(), ZERO, ZERO)
    lacking = subtract(subtract(stand.maintenance, stand.cash), stand.value)
    instrument, quantity = instruments[slot], holding.quantity
    if not instrument.tiers:
        price: Decimal | None = _meeting(Tier(ZERO, instrument.maintenance, ZERO), lacking, quantity)
    else:
        price = _meeting_tiers(instrument.tiers, lacking, quantity)
    return price if price is not None and price > 0 else None


def _meeting(tier: Tier, lacking: Decimal, quantity: Decimal) -> Decimal:
    slope = subtract(quantity, multiply(tier.rate, quantity.copy_abs()))
    return SIXTEEN.divide(subtract(lacking, tier.deduction), slope)


def _meeting_tiers(tiers: Sequence[Tier], lacking: Decimal, quantity: Decimal) -> Decimal | None:
    """The first price at which it happens, coming from the side on which the position is safe: for a long the highest,
    for a short the lowest over all tiers. In a tier it holds on one side of a meeting point; where the margin jumps at
    a floor, that may be all of the tier."""
    size = quantity.copy_abs()
    found = []
    for number, tier in enumerate(tiers):
        low = SIXTEEN.divide(tier.floor, size)
        high = SIXTEEN.divide(tiers[number + 1].floor, size) if number + 1 < len(tiers) else None
        price = _meeting(tier, lacking, quantity)
        if quantity > 0 and price >= low:
            found.append(price if high is None else min(price, high))
        elif quantity < 0 and (high is None or price < high):
            found.append(max(price, low))
    return (max if quantity > 0 else min)(found, default=None)
