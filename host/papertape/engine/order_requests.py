"""Orders that a strategy works itself: checked against the rules and the instrument, never sized."""

from collections.abc import Sequence

from papertape.broker.money import ZERO, add, ceil_to, decimal, exact, floor_to, multiply, plain
from papertape.broker.order import Order
from papertape.contract.candle import CLOSE
from papertape.contract.order import OrderRequest
from papertape.engine.dealings import Dealings, Refused


def place_requests(dealings: Dealings, requests: Sequence[OrderRequest]) -> None:
    """Places a strategy's own orders; the legs of a group pass or fall together."""
    groups: dict[object, list[OrderRequest]] = {}
    for number, request in enumerate(requests):
        groups.setdefault(request.group if request.group is not None else number, []).append(request)
    for legs in groups.values():
        made = [_requested(dealings, leg) for leg in legs]
        if dealings.watch is not None:
            dealings.watch.requested(legs, made)
        placed: list[Order] = []
        reason = ""
        for order in made:
            try:
                if dealings.watch is not None:
                    dealings.watch.check(order)
                _check(dealings, order)
            except Refused as refusal:
                reason = str(refusal)
                break
            dealings.book.place(order)  # so that the next leg is checked against what this one reserves
            placed.append(order)
        for order in placed:
            if reason:
                dealings.book.withdraw(order)
            else:
                dealings.journal.created(dealings.book, order)
        if reason:
            for order in made:
                order.reserved = ZERO
                dealings.refuse(order, reason if len(made) == 1 else f"a leg of its group was refused: {reason}")
            if dealings.watch is not None:
                dealings.watch.fallen(made)


def _requested(dealings: Dealings, request: OrderRequest) -> Order:
    slot = dealings.market.index[request.symbol]
    instrument = dealings.exchange.instruments[slot]
    sign = 1 if request.side == "buy" else -1
    limit_to, stop_to = (floor_to, ceil_to) if sign > 0 else (ceil_to, floor_to)
    order = dealings.order(slot, sign, floor_to(decimal(request.quantity), instrument.lot), "request", None)
    order.type = request.type
    order.price = None if request.price is None else limit_to(decimal(request.price), instrument.tick)
    order.stop_price = None if request.stop_price is None else stop_to(decimal(request.stop_price), instrument.tick)
    order.trail = None if request.trail is None else decimal(request.trail)
    order.time_in_force = request.time_in_force
    order.expires = request.expires
    order.reduce_only = request.reduce_only
    order.group = request.group
    order.tag = request.tag
    row = dealings.market.last[slot]
    if order.type == "trailing-stop" and order.stop_price is None and row is not None:
        assert order.trail is not None
        away = order.trail if sign > 0 else order.trail.copy_negate()
        order.stop_price = stop_to(add(exact(row[CLOSE]), away), instrument.tick)
    return order


def _check(dealings: Dealings, order: Order) -> None:
    instrument = dealings.exchange.instruments[order.slot]
    close = dealings.price(order.slot)
    price = next((level for level in (order.price, order.stop_price) if level is not None), close)
    if order.quantity <= 0:
        raise Refused(f"its quantity is below one lot of {plain(instrument.lot)}")
    if price <= 0:
        raise Refused("its price is below one tick")
    held = dealings.book.quantity(order.slot)
    against = bool(held) and (held > 0) != (order.sign > 0)
    promised = ZERO
    for other in dealings.book.orders:
        if other.slot == order.slot and other.sign == order.sign and other.role == "request":
            promised = add(promised, other.remaining)
    if order.reduce_only or (against and add(promised, order.quantity) <= held.copy_abs()):
        return
    if order.sign < 0 and not instrument.margin:
        raise Refused("it would sell more than the book holds: a short position needs margin")
    dealings.allowed(order.slot, order.sign)
    if dealings.passed(order.slot, order.sign, order.quantity, price) < order.quantity:
        raise Refused("a risk rule allows less than its quantity")
    if multiply(order.quantity, price) < instrument.min_notional:
        raise Refused(f"its notional is below the least of {plain(instrument.min_notional)} {instrument.quote}")
    unit = dealings.unit_cost(instrument, price)
    if multiply(unit, order.quantity) > dealings.power(instrument):
        raise Refused("what the book can spend does not cover it")
    order.reserved = unit
