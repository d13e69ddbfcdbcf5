"""A book: one strategy's (or fusion's) own cash, positions and working orders, in exact money."""

from array import array
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from papertape.broker.money import ZERO, add, booked, divide, exact, multiply, subtract
from papertape.broker.order import Order
from papertape.contract.candle import CLOSE, HIGH, LOW, Row


@dataclass(slots=True)
class Holding:
    """An open position. `quantity`: signed units. `cost`: notional paid or got for what is still held, `fees`: paid
    for it, `profit`: realised since it was opened, funding included; quote currency. `high`, `low`: extreme prices seen
    while held. `margin`: the position's own, quote currency; None where the whole book stands for it."""

    quantity: Decimal
    cost: Decimal
    fees: Decimal
    profit: Decimal
    opened_at: int
    entry_notional: Decimal
    high: float
    low: float
    margin: Decimal | None = None

    @property
    def owed(self) -> Decimal:
        """What of a book's cash an isolated position accounts for, price apart: its signed cost less its margin."""
        assert self.margin is not None
        return subtract(self.cost if self.quantity > 0 else self.cost.copy_negate(), self.margin)


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
    `equities`, `exposures`: those of the marks that count, since they were last taken. `touched`: slots whose holding
    or orders have changed since somebody last cleared it.
    """

    __slots__ = (
        "_cash",
        "_held",
        "cash",
        "equities",
        "equity",
        "exposure",
        "exposures",
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
        self.equities = array("d")
        self.exposures = array("d")
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

    def pay(self, amount: Decimal, slot: int, own: bool) -> None:
        """Books a payment (negative: what is paid) that no execution made; with `own` it is the present position's, and
        an isolated one has it in its margin."""
        self.cash = add(self.cash, amount)
        self._cash = float(self.cash)
        self.equity = self.equity + float(amount) if self.holdings else self._cash
        if own:
            held = self.holdings[slot]
            held.profit = add(held.profit, amount)
            if held.margin is not None:
                held.margin = add(held.margin, amount)
        self.touched.add(slot)

    def free(self) -> Decimal:
        """Cash without what isolated positions account for; all cash where there are none."""
        cash = self.cash
        for holding in self.holdings.values():
            if holding.margin is not None:
                cash = add(cash, holding.owed)
        return cash

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
            row = rows[slot]
            if row is None:
                value = quantity * last[slot][CLOSE]  # type: ignore[index]  # held, so it has had a candle
            else:
                value = quantity * row[CLOSE]
                if row[HIGH] > holding.high:
                    holding.high = row[HIGH]
                if row[LOW] < holding.low:
                    holding.low = row[LOW]
            equity += value
            exposure += value if value >= 0.0 else -value
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

    def settle(
        self,
        slot: int,
        sign: int,
        quantity: Decimal,
        price: Decimal,
        rate: Decimal,
        at: int,
        leverage: Decimal | None = None,
    ) -> Settled:
        """Books an execution of `quantity` units at `price`; `rate` is the fee as a fraction of notional. With
        `leverage` the position is isolated: what it enters brings notional / leverage to its margin, and what it leaves
        gives its share of the margin back."""
        exact_notional = multiply(quantity, price)
        notional = booked(exact_notional)
        fee = booked(multiply(exact_notional, rate))
        flow = notional if sign < 0 else notional.copy_negate()
        self.cash = subtract(add(self.cash, flow), fee)
        holding = self.holdings.get(slot)
        if holding is None:
            settled = self._open(slot, sign, quantity, notional, fee, at, price, leverage)
        else:
            settled = self._change(slot, holding, sign, quantity, notional, fee, at, price, leverage)
        self.touched.add(slot)
        self.refresh()
        return settled

    def _open(
        self,
        slot: int,
        sign: int,
        quantity: Decimal,
        notional: Decimal,
        fee: Decimal,
        at: int,
        price: Decimal,
        leverage: Decimal | None,
    ) -> Settled:
        signed = quantity if sign > 0 else quantity.copy_negate()
        level = float(price)
        margin = None if leverage is None else booked(divide(notional, leverage))
        self.holdings[slot] = Holding(signed, notional, fee, ZERO, at, notional, level, level, margin)
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
        leverage: Decimal | None,
    ) -> Settled:
        if (held.quantity > 0) == (sign > 0):
            held.quantity = add(held.quantity, quantity if sign > 0 else quantity.copy_negate())
            held.cost = add(held.cost, notional)
            held.fees = add(held.fees, fee)
            held.entry_notional = add(held.entry_notional, notional)
            if held.margin is not None and leverage is not None:
                held.margin = add(held.margin, booked(divide(notional, leverage)))
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
        level = float(price)
        held.high = max(held.high, level)
        held.low = min(held.low, level)
        if not whole:
            held.quantity = add(held.quantity, closing if sign > 0 else closing.copy_negate())
            held.cost = subtract(held.cost, cost)
            held.fees = subtract(held.fees, paid)
            if held.margin is not None:
                held.margin = subtract(held.margin, booked(divide(multiply(held.margin, closing), size)))
            return Settled(fee, profit, held.high, held.low, None)
        del self.holdings[slot]
        if closing < quantity:
            left, rest, rest_fee = subtract(quantity, closing), subtract(notional, part), subtract(fee, part_fee)
            self._open(slot, sign, left, rest, rest_fee, at, price, leverage)
        return Settled(fee, profit, held.high, held.low, (held.profit, held.entry_notional))
