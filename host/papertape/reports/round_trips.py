"""Round trips: from flat to flat, told from a book's fills and funding payments."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

from papertape.broker.money import ZERO, add, booked, divide, multiply, subtract
from papertape.ledger.records import FillRow, FundingRow


class RoundTrip(NamedTuple):
    """One closed trade. Times in ms UTC, prices and money in quote currency, `profit` net of all `fees` and with all
    `funding` (negative: paid) that was booked while it was open.

    `quantity`: units entered in all; prices are averages. `reason`: role of the fill that closed it. `best`, `worst`:
    most favourable and most adverse price while it was open, as fractions of the entry price (worst <= 0 <= best for a
    trade that went both ways).
    """

    book: str
    symbol: str
    side: str
    opened_at: int
    closed_at: int
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    profit: Decimal
    fees: Decimal
    reason: str
    best: float | None
    worst: float | None
    funding: Decimal = ZERO


@dataclass(slots=True)
class _Open:
    side: str
    opened_at: int
    entered: Decimal = ZERO
    paid: Decimal = ZERO
    left: Decimal = ZERO
    got: Decimal = ZERO
    fees: Decimal = ZERO
    profit: Decimal = ZERO
    funding: Decimal = ZERO


def round_trips(fills: Iterable[FillRow], funding: Iterable[FundingRow] = ()) -> Iterator[RoundTrip]:
    """The closed trips of any number of books, in the order in which they were closed; `fills` and `funding` in order
    of `seq`. A payment counts to the trip that is open when it is booked, if that was open at the payment's time."""
    trips: dict[tuple[str, str], _Open] = {}
    both: list[Iterable[FillRow | FundingRow]] = [fills, funding]
    for fill in merge(*both, key=attrgetter("seq")):
        if isinstance(fill, FundingRow):
            paid = trips.get((fill.book, fill.symbol))
            if paid is not None and paid.opened_at <= fill.at and (paid.side == "long") == (fill.quantity > 0):
                paid.funding = add(paid.funding, fill.amount)
            continue
        key = (fill.book, fill.symbol)
        signed = fill.quantity if fill.side == "buy" else fill.quantity.copy_negate()
        before = subtract(fill.position, signed)
        if fill.profit is None:
            _enter(trips.setdefault(key, _Open(_side(signed), fill.at)), fill, fill.quantity, fill.fee)
            continue
        trip = trips[key]
        closing = min(fill.quantity, before.copy_abs())
        fee = fill.fee if closing == fill.quantity else booked(divide(multiply(fill.fee, closing), fill.quantity))
        trip.left = add(trip.left, closing)
        trip.got = add(trip.got, multiply(closing, fill.price))
        trip.fees = add(trip.fees, fee)
        trip.profit = add(trip.profit, fill.profit)
        if closing == before.copy_abs():
            yield _closed(trips.pop(key), fill)
            if closing < fill.quantity:
                turned = trips[key] = _Open(_side(signed), fill.at)
                _enter(turned, fill, subtract(fill.quantity, closing), subtract(fill.fee, fee))


def _side(signed: Decimal) -> str:
    return "long" if signed > 0 else "short"


def _enter(trip: _Open, fill: FillRow, quantity: Decimal, fee: Decimal) -> None:
    trip.entered = add(trip.entered, quantity)
    trip.paid = add(trip.paid, multiply(quantity, fill.price))
    trip.fees = add(trip.fees, fee)


def _closed(trip: _Open, fill: FillRow) -> RoundTrip:
    entry = divide(trip.paid, trip.entered)
    sign = 1 if trip.side == "long" else -1

    def away(price: float | None) -> float | None:
        return None if price is None else sign * (price / float(entry) - 1.0)

    return RoundTrip(
        fill.book,
        fill.symbol,
        trip.side,
        trip.opened_at,
        fill.at,
        trip.entered,
        entry,
        divide(trip.got, trip.left),
        add(trip.profit, trip.funding),
        trip.fees,
        fill.role,
        away(fill.best),
        away(fill.worst),
        trip.funding,
    )
