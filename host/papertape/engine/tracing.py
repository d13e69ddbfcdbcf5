"""Tracing: what a desk decides in a step, told as it happens. It looks on: with or without it a step does the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from papertape.contract.order import OrderRequest
from papertape.contract.risk import Mark, Sizer, SizingRequest, Verdict
from papertape.contract.signal import Signal
from papertape.engine.guard import GUEST_ERRORS

if TYPE_CHECKING:
    from papertape.broker.order import Order


@dataclass(frozen=True, slots=True)
class Sizing:
    """What the sizer was asked, and answered: units, before any rounding. `said`: how it came to that, in its own
    words; empty where it says nothing."""

    sizer: str
    price: Decimal
    equity: Decimal
    cash: Decimal
    drawdown: float
    symbols: int
    size: Decimal
    said: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule was shown, and its verdict: None lets pass, a quantity shrinks to it, a text refuses. `failed`: it
    raised instead."""

    rule: str
    mark: Mark
    verdict: Verdict
    failed: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """Rounding to the lot, and to what the book can spend. `unit`: what one unit takes of `power`, quote currency."""

    quantity: Decimal
    lot: Decimal
    unit: Decimal
    power: Decimal
    left: Decimal


@dataclass(slots=True)
class Attempt:
    """One try to place an order that opens something, or one that a strategy works itself.

    `wish`: what is asked for, `signal`: number of its record, None for a request. `wanted`: units before the rules.
    `order`: its number, where it was placed or its refusal recorded; `refused`: why it was not placed. A refusal for
    the same reason as the symbol's last one has no record, so no number.
    """

    wish: Signal | OrderRequest
    signal: int | None
    side: str = ""
    price: Decimal | None = None
    sizing: Sizing | None = None
    wanted: Decimal | None = None
    rulings: list[Ruling] = field(default_factory=list)
    cover: Cover | None = None
    order: int | None = None
    quantity: Decimal | None = None
    refused: str | None = None


class Watch:
    """Looks on while a desk acts. `attempts`: in their order; a desk tells each method as it goes along."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []

    def entering(self, signal: Signal, seq: int) -> None:
        """A signal is to become an entry."""
        self.attempts.append(Attempt(signal, seq))

    def requested(self, requests: Sequence[OrderRequest], orders: Sequence["Order"]) -> None:
        """Orders of a strategy's own, which pass or fall together, are to be checked; `check` says which is next."""
        for request, order in zip(requests, orders, strict=True):
            self.attempts.append(Attempt(request, None, order.side, order.price, order=order.id, wanted=order.quantity))

    def check(self, order: "Order") -> None:
        """The order that is checked from here on: its attempt comes last."""
        found = next(attempt for attempt in self.attempts if attempt.order == order.id)
        self.attempts.remove(found)
        self.attempts.append(found)

    def sized(self, sizer: Sizer, name: str, request: SizingRequest, size: Decimal) -> None:
        """The sizer has answered; it is asked how it came to that, while the request still holds."""
        try:
            said = str(sizer.explain(request))
        except GUEST_ERRORS as error:
            said = f"(it cannot say how: {type(error).__name__})"
        self.attempts[-1].sizing = Sizing(
            name, request.price, request.equity, request.cash, request.drawdown, request.symbols, size, said
        )

    def wanted(self, sign: int, quantity: Decimal, price: Decimal) -> None:
        """This is what the rules are asked about."""
        attempt = self.attempts[-1]
        attempt.side, attempt.wanted, attempt.price = "buy" if sign > 0 else "sell", quantity, price

    def ruled(self, rule: str, mark: Mark, verdict: Verdict, failed: bool) -> None:
        """A rule has been asked."""
        self.attempts[-1].rulings.append(Ruling(rule, mark, verdict, failed))

    def covered(self, quantity: Decimal, lot: Decimal, unit: Decimal, power: Decimal, left: Decimal) -> None:
        """What the book can spend has been looked at."""
        self.attempts[-1].cover = Cover(quantity, lot, unit, power, left)

    def placed(self, order: int, quantity: Decimal) -> None:
        """The newest attempt became an order."""
        self.attempts[-1].order, self.attempts[-1].quantity = order, quantity

    def refused(self, signal: Signal, seq: int, reason: str, order: int | None) -> None:
        """A signal's entry was refused; `order`: number of the refusal's record, where it has one."""
        if not (self.attempts and self.attempts[-1].wish is signal):
            self.entering(signal, seq)
        self.attempts[-1].refused, self.attempts[-1].order = reason, order

    def fallen(self, orders: Sequence["Order"]) -> None:
        """Orders of a strategy's own were refused together, each with its reason."""
        for order in orders:
            next(attempt for attempt in self.attempts if attempt.order == order.id).refused = order.reason
