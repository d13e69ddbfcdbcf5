"""A book: one strategy's (or fusion's) own cash, positions and working orders, in exact money."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from papertape.broker.money import ZERO, add, booked, divide, exact, multiply, subtract
from papertape.broker.order import Order
from papertape.contract.candle import CLOSE, HIGH, LOW, Row


@dataclass(slots=True)
class Holding:
    """An open position. `quantity`: signed units. `cost`: notional paid or got for what is still held, `fees`: paid
    for it, `profit`: realised since it was opened; quote currency. `best`, `worst`: extreme prices seen while held."""

    quantity: Decimal
    cost: Decimal
    fees: Decimal
    profit: Decimal
    opened_at: int
    entry_notional: Decimal
    high: float
    low: float


class Settled(NamedTuple):
    """What a fill did to a book. `profit`: realised by it net of fees, None if it only opened. `closed`: the profit of
    the whole round trip and its entry notional, when the position went flat."""

    fee: Decimal
    profit: Decimal | None
    high: float | None
    low: float | None
    closed: tuple[Decimal, Decimal] | None


class Book:
    """Cash, holdings by slot (a symbol's index in the session), and working orders in order of id.

    `equity`, `exposure` are floats at the last mark, for curves and rules; `exact_equity` is what sizing uses.
    `touched`: slots whose holding or orders have changed since somebody last cleared it.
    """

    __slots__ = (
        "_cash",
        "_held",
        "cash",
        "equity",
        "exposure",
        "holdings",
        "margin",
        "name",
        "orders",
        "touched",
    )

    def __init__(self, name: str, cash: Decimal, margin: bool) -> None:
        self.name = name
        self.cash = cash
        self.margin = margin
        self.holdings: dict[int, Holding] = {}
        self.orders: list[Order] = []
        self.equity = float(cash)
        self.exposure = 0.0
        self.touched: set[int] = set()
        self.refresh()

    def place(self, order: Order) -> None:
        """Adds a working order."""
        self.orders.append(order)
        self.touched.add(order.slot)

    def withdraw(self, order: Order) -> None:
        """Takes an order that no longer works off the book."""
        self.orders.remove(order)
        self.touched.add(order.slot)

    def refresh(self) -> None:
        """Recomputes the floats that marking uses; after every change of cash or holdings."""
        self._cash = self.equity = float(self.cash)
        self.exposure = 0.0
        self._held = [(slot, float(holding.quantity), holding) for slot, holding in sorted(self.holdings.items())]

    def quantity(self, slot: int) -> Decimal:
        """Signed units held."""
        holding = self.holdings.get(slot)
        return ZERO if holding is None else holding.quantity

    def entry_price(self, slot: int) -> Decimal:
        """Average price paid (or got, for a short) for what is held, quote currency per unit, without fees."""
        holding = self.holdings[slot]
        return divide(holding.cost, holding.quantity.copy_abs())

    def mark(self, last: tuple[Row | None, ...], rows: tuple[Row | None, ...]) -> None:
        """Values the book at the last closes, summed in the session's symbol order, and widens the extremes of what is
        held by this batch's candles (the entry's own candle counts whole)."""
        equity = self._cash
        exposure = 0.0
        for slot, quantity, holding in self._held:
            value = quantity * last[slot][CLOSE]  # type: ignore[index]  # held, so it has had a candle
            equity += value
            exposure += value if value >= 0.0 else -value
            row = rows[slot]
            if row is not None:
                if row[HIGH] > holding.high:
                    holding.high = row[HIGH]
                if row[LOW] < holding.low:
                    holding.low = row[LOW]
        self.equity = equity
        self.exposure = exposure

    def exact_equity(self, last: tuple[Row | None, ...]) -> Decimal:
        """Cash plus positions at the last closes, exact."""
        equity = self.cash
        for slot in sorted(self.holdings):
            row = last[slot]
            assert row is not None
            equity = add(equity, multiply(self.holdings[slot].quantity, exact(row[CLOSE])))
        return equity

    def exact_exposure(self, last: tuple[Row | None, ...]) -> Decimal:
        """Gross notional of all positions at the last closes, exact."""
        exposure = ZERO
        for slot in sorted(self.holdings):
            row = last[slot]
            assert row is not None
            exposure = add(exposure, multiply(self.holdings[slot].quantity.copy_abs(), exact(row[CLOSE])))
        return exposure

    def reserved(self) -> Decimal:
        """Cash that working orders would take at the prices they were sized at, fees included."""
        total = ZERO
        for order in self.orders:
            if order.reserved:
                total = add(total, multiply(order.remaining, order.reserved))
        return total

    def settle(self, slot: int, sign: int, quantity: Decimal, price: Decimal, rate: Decimal, at: int) -> Settled:
        """Books an execution of `quantity` units at `price`; `rate` is the fee as a fraction of notional."""
        exact_notional = multiply(quantity, price)
        notional = booked(exact_notional)
        fee = booked(multiply(exact_notional, rate))
        flow = notional if sign < 0 else notional.copy_negate()
        self.cash = subtract(add(self.cash, flow), fee)
        holding = self.holdings.get(slot)
        if holding is None:
            settled = self._open(slot, sign, quantity, notional, fee, at, price)
        else:
            settled = self._change(slot, holding, sign, quantity, notional, fee, at, price)
        self.touched.add(slot)
        self.refresh()
        return settled

    def _open(
        self, slot: int, sign: int, quantity: Decimal, notional: Decimal, fee: Decimal, at: int, price: Decimal
    ) -> Settled:
        signed = quantity if sign > 0 else quantity.copy_negate()
        self.holdings[slot] = Holding(signed, notional, fee, ZERO, at, notional, float(price), float(price))
        return Settled(fee, None, None, None, None)

    def _change(
        self,
        slot: int,
        held: Holding,
        sign: int,
        quantity: Decimal,
        notional: Decimal,
        fee: Decimal,
        at: int,
        price: Decimal,
    ) -> Settled:
        if (held.quantity > 0) == (sign > 0):
            held.quantity = add(held.quantity, quantity if sign > 0 else quantity.copy_negate())
            held.cost = add(held.cost, notional)
            held.fees = add(held.fees, fee)
            held.entry_notional = add(held.entry_notional, notional)
            return Settled(fee, None, None, None, None)
        size = held.quantity.copy_abs()
        closing = min(quantity, size)
        whole = closing == size
        cost = held.cost if whole else booked(divide(multiply(held.cost, closing), size))
        paid = held.fees if whole else booked(divide(multiply(held.fees, closing), size))
        # A fill that turns a position around is one execution and two events: its fee and notional are split.
        part = notional if closing == quantity else booked(divide(multiply(notional, closing), quantity))
        part_fee = fee if closing == quantity else booked(divide(multiply(fee, closing), quantity))
        gross = subtract(part, cost) if sign < 0 else subtract(cost, part)
        profit = subtract(subtract(gross, part_fee), paid)
        held.profit = add(held.profit, profit)
        held.high = max(held.high, float(price))
        held.low = min(held.low, float(price))
        if not whole:
            held.quantity = add(held.quantity, closing if sign > 0 else closing.copy_negate())
            held.cost = subtract(held.cost, cost)
            held.fees = subtract(held.fees, paid)
            return Settled(fee, profit, held.high, held.low, None)
        del self.holdings[slot]
        if closing < quantity:
            self._open(
                slot, sign, subtract(quantity, closing), subtract(notional, part), subtract(fee, part_fee), at, price
            )
        return Settled(fee, profit, held.high, held.low, (held.profit, held.entry_notional))
