"""What a fill does to the other orders of its book: legs come and grow with an entry, and shrink with the position."""

from decimal import Decimal

from papertape.broker.book import Book
from papertape.broker.exchange import Exchange
from papertape.broker.money import ZERO, add, subtract
from papertape.broker.order import LEGS, Order


def bring_legs(
    exchange: Exchange, book: Book, entry: Order, quantity: Decimal, stop_from: int, target_from: int
) -> None:
    """Brings or grows the legs that an entry asks for, by the `quantity` (units) just filled; a new stop is effective
    from `stop_from` on and a new target from `target_from` on, ms UTC."""
    journal = exchange.journal
    for role, price in (("stop-loss", entry.stop_loss), ("take-profit", entry.take_profit)):
        if price is None:
            continue
        leg = next((o for o in book.orders if o.parent == entry.id and o.role == role), None)
        if leg is not None:
            leg.quantity = add(leg.quantity, quantity)
            journal.changed(book, leg)
            continue
        stop = role == "stop-loss"
        leg = Order(
            id=journal.number(),
            batch=journal.batch,
            at=journal.now,
            effective=stop_from if stop else target_from,
            slot=entry.slot,
            symbol=entry.symbol,
            sign=-entry.sign,
            type="stop" if stop else "limit",
            quantity=quantity,
            role="stop-loss" if stop else "take-profit",
            price=None if stop else price,
            stop_price=price if stop else None,
            reduce_only=True,
            signal=entry.signal,
            parent=entry.id,
        )
        book.place(leg)
        journal.created(book, leg)


def shrink_sibling(exchange: Exchange, book: Book, leg: Order, quantity: Decimal) -> None:
    """Takes the `quantity` (units) that a leg has filled from the other leg of its bracket."""
    for other in list(book.orders):
        if other.parent == leg.parent and other.role in LEGS and other is not leg:
            _shrink(exchange, book, other, quantity, "the other leg of its bracket was filled")


def follow_position(exchange: Exchange, book: Book, slot: int) -> None:
    """Legs never cover more than the position; with the position gone, so are its legs and exits."""
    if not book.orders:
        return
    held = book.quantity(slot)
    for role in (*LEGS, "exit"):
        room = held.copy_abs()
        for order in list(book.orders):
            if order.slot == slot and order.role == role:
                closable = room if (order.sign > 0) == (held < 0) else ZERO
                if order.remaining > closable:
                    _shrink(exchange, book, order, subtract(order.remaining, closable), "the position was closed")
                room = subtract(room, min(order.remaining, closable))


def _shrink(exchange: Exchange, book: Book, order: Order, quantity: Decimal, reason: str) -> None:
    if quantity >= order.remaining:
        exchange.end(book, order, "cancelled", reason)
    else:
        order.quantity = subtract(order.quantity, quantity)
        exchange.journal.changed(book, order)
