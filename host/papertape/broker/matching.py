"""Where an order meets a candle: pure functions from (order, candle) to a price inside the candle's range, or None.

The open comes first: whatever it already satisfies fills at it. After that the path inside the candle is unknown, so
stops count when the range touches them and limits when it trades through them.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from papertape.broker.money import add, exact, subtract
from papertape.broker.order import Order
from papertape.contract.candle import CLOSE, HIGH, LOW, OPEN, Row
from papertape.contract.order import OrderType

STOPS: Final[tuple[OrderType, ...]] = ("stop", "stop-limit", "trailing-stop")


class Prices(NamedTuple):
    """A candle's prices, exact, quote currency."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def prices_of(row: Row) -> Prices:
    """The prices of `row` as read."""
    return Prices(exact(row[OPEN]), exact(row[HIGH]), exact(row[LOW]), exact(row[CLOSE]))


def at_open(order: Order, price: Decimal, touch: bool) -> Decimal | None:
    """The price at which `order` fills at the candle's open `price`, or None. A stop that triggers is marked: what the
    candle's volume does not fill of it stays a market order, or the limit of a stop-limit."""
    if order.type == "market":
        return price
    if order.type in STOPS:
        order.triggered = order.triggered or _reached(order, price)
        if not order.triggered:
            return None
    return price if order.price is None or _better(order, price, touch) else None


def inside(order: Order, candle: Prices, touch: bool) -> Decimal | None:
    """The price at which `order` fills between the open and the close, or None; for orders that the open left."""
    extreme_for_stop, extreme_for_limit = (candle.high, candle.low) if order.sign > 0 else (candle.low, candle.high)
    if order.type in STOPS and not order.triggered:
        if not _reached(order, extreme_for_stop):
            return None
        order.triggered = True
        assert order.stop_price is not None
        if order.price is None:
            # A leg that an entry inside the candle brought may stand where the entry has passed it already.
            return _worse(order.sign, order.stop_price, market_inside(-order.sign, candle))
        # It becomes a limit at the stop's price; what the range did after that is unknown, so only that price counts.
        return order.stop_price if _better(order, order.stop_price, touch) else None
    if order.price is not None:
        return order.price if _better(order, extreme_for_limit, touch) else None
    return None


def market_inside(sign: int, candle: Prices) -> Decimal:
    """The price of a market order that becomes effective inside a candle: the worse of its open and close."""
    return _worse(sign, candle.open, candle.close)


def trailed(order: Order, candle: Prices) -> Decimal:
    """Where a trailing stop stands after the candle; it never moves back."""
    assert order.stop_price is not None and order.trail is not None
    if order.sign > 0:
        return min(order.stop_price, add(candle.low, order.trail))
    return max(order.stop_price, subtract(candle.high, order.trail))


def _worse(sign: int, one: Decimal, other: Decimal) -> Decimal:
    return max(one, other) if sign > 0 else min(one, other)


def _reached(order: Order, price: Decimal) -> bool:
    assert order.stop_price is not None
    return price >= order.stop_price if order.sign > 0 else price <= order.stop_price


def _better(order: Order, price: Decimal, touch: bool) -> bool:
    """Whether trading at `price` means trading through the order's limit (or, with `touch`, at it)."""
    assert order.price is not None
    if touch and price == order.price:
        return True
    return price < order.price if order.sign > 0 else price > order.price
