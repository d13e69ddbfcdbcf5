"""Where an order meets a candle: pure functions from (order, candle) to a price inside the candle's range, or None.

The open comes first: whatever it already satisfies fills at it. After that the path inside the candle is unknown, so
stops count when the range touches them and limits when it trades through them.
"""

from decimal import Decimal
from typing import NamedTuple

from papertape.broker.money import add, exact, subtract
from papertape.broker.order import Order
from papertape.contract.candle import CLOSE, HIGH, LOW, OPEN, Row


class Prices(NamedTuple):
    """A candle's prices, exact, quote currency."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def prices_of(row: Row) -> Prices:
    """The prices of `row` as read."""
    return Prices(exact(row[OPEN]), exact(row[HIGH]), exact(row[LOW]), exact(row[CLOSE]))


def at_open(order: Order, candle: Prices, touch: bool) -> Decimal | None:
    """The price at which `order` fills at the candle's open, or None. A stop-limit that triggers here is marked so."""
    price = candle.open
    if order.type == "market":
        return price
    if order.type in ("stop", "trailing-stop"):
        return price if _reached(order, price) else None
    if order.type == "stop-limit" and not order.triggered:
        if not _reached(order, price):
            return None
        order.triggered = True
    return price if _better(order, price, touch) else None


def inside(order: Order, candle: Prices, touch: bool) -> Decimal | None:
    """The price at which `order` fills between the open and the close, or None; for orders that the open left."""
    extreme_for_stop, extreme_for_limit = (candle.high, candle.low) if order.sign > 0 else (candle.low, candle.high)
    if order.type in ("stop", "trailing-stop"):
        return order.stop_price if _reached(order, extreme_for_stop) else None
    if order.type == "stop-limit" and not order.triggered:
        if not _reached(order, extreme_for_stop):
            return None
        order.triggered = True
        # It becomes a limit at the stop's price; what the range did after that is unknown, so only that price counts.
        assert order.stop_price is not None
        return order.stop_price if _better(order, order.stop_price, touch) else None
    if order.type in ("limit", "stop-limit"):
        return order.price if _better(order, extreme_for_limit, touch) else None
    return None


def market_inside(order: Order, candle: Prices) -> Decimal:
    """The price of a market order that becomes effective inside a candle: the worse of its open and close."""
    return max(candle.open, candle.close) if order.sign > 0 else min(candle.open, candle.close)


def trailed(order: Order, candle: Prices) -> Decimal:
    """Where a trailing stop stands after the candle; it never moves back."""
    assert order.stop_price is not None and order.trail is not None
    if order.sign > 0:
        return min(order.stop_price, add(candle.low, order.trail))
    return max(order.stop_price, subtract(candle.high, order.trail))


def _reached(order: Order, price: Decimal) -> bool:
    assert order.stop_price is not None
    return price >= order.stop_price if order.sign > 0 else price <= order.stop_price


def _better(order: Order, price: Decimal, touch: bool) -> bool:
    """Whether trading at `price` means trading through the order's limit (or, with `touch`, at it)."""
    assert order.price is not None
    if touch and price == order.price:
        return True
    return price < order.price if order.sign > 0 else price > order.price
