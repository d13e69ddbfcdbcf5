"""A desk carries out what a plugin wishes for its book: signals become exits and entries, standing rules act."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from papertape.broker.book import Book
from papertape.broker.exchange import Exchange
from papertape.broker.money import ZERO, add, ceil_to, decimal, divide, exact, floor_to, multiply, plain, subtract
from papertape.broker.order import Order, Role
from papertape.contract.instrument import Instrument
from papertape.contract.order import Cancel, OrderRequest
from papertape.contract.risk import RiskRule, Sizer, Standing
from papertape.contract.signal import Signal
from papertape.engine.dealings import ONE, Dealings, Refused
from papertape.engine.guard import GUEST_ERRORS, Guard
from papertape.engine.journal import Journal
from papertape.engine.order_requests import place_requests
from papertape.market.market import Market

TRIPS_KEPT: Final = 100


class Desk(Dealings):
    """One book's desk.

    `quiet[slot]` is the signal that last needed nothing, until the book's slot is touched: repeating it costs one
    comparison. `after_flat`: the new sides of reversals; `refusals`: the last one of each symbol.
    """

    def __init__(
        self,
        book: Book,
        exchange: Exchange,
        market: Market,
        journal: Journal,
        period: int,
        latency: int,
        sizer: tuple[Sizer, Guard],
        rules: Sequence[tuple[RiskRule, Guard]],
        refuses: int = 0,
    ) -> None:
        super().__init__(book, exchange, market, journal, period, latency, sizer, rules, refuses)
        self.quiet: list[Signal | None] = [None] * len(market.symbols)
        self.after_flat: dict[int, tuple[Signal, int]] = {}
        self.refusals: dict[int, tuple[str, str]] = {}

    # Marks and standing rules

    def stand(self, now: int, muted: bool) -> None:
        """Asks the standing rules about the book as just marked, and does what they say."""
        book = self.book
        for number, on_mark, guard in self.marking:
            if guard.status != "ok":
                continue
            try:
                standing = on_mark(now, book.equity, book.exposure)
                guard.streak = 0
            except GUEST_ERRORS as error:
                guard.failed(error)
                standing = Standing("block", f"the rule {guard.name} failed, so nothing is entered")
            if muted:
                continue  # nothing is traded; what still stands afterwards acts then
            if standing is not self.standing[number]:
                self._changed_standing(number, standing, guard)
            if standing is not None and standing.action == "flatten" and (book.holdings or book.orders):
                self.flatten(standing.reason)

    def _changed_standing(self, number: int, standing: Standing | None, guard: Guard) -> None:
        before, self.standing[number] = self.standing[number], standing
        if standing == before:
            return
        kind = "lifted" if standing is None else standing.action
        guard.report(guard.name, kind, f"{self.book.name}: {(standing or before or guard).reason}", "")  # type: ignore[union-attr]
        if standing is not None and standing.action == "reduce":
            for slot in sorted(self.book.holdings):
                held = self.book.holdings[slot].quantity.copy_abs()
                lot = self.exchange.instruments[slot].lot
                part = floor_to(multiply(held, subtract(ONE, decimal(standing.fraction))), lot)
                leaving = self._working(slot, "exit")
                if leaving is not None:  # what is on its way out need not be sent again
                    part = subtract(part, leaving.remaining)
                if part > 0:
                    self.exit(slot, part, standing.reason, None)

    def flatten(self, reason: str, at: int | None = None) -> None:
        """Cancels what would open, and closes every position at the market."""
        self.after_flat.clear()
        self.cancel_openings(reason)
        for slot in sorted(self.book.holdings):
            size = self.book.holdings[slot].quantity.copy_abs()
            exit = self._working(slot, "exit")
            if exit is None or exit.remaining < size:
                if exit is not None:
                    self.exchange.end(self.book, exit, "cancelled", reason)
                self.exit(slot, size, reason, None, at)

    def cancel_openings(self, reason: str) -> None:
        """Cancels entries and requests; bracket legs, exits and requests that can only reduce a position stay."""
        for order in list(self.book.orders):
            if order.role == "entry" or (order.role == "request" and not order.reduce_only):
                self.exchange.end(self.book, order, "cancelled", reason)

    def round_trip(self, closed: tuple[Decimal, Decimal]) -> None:
        """A position has gone flat: profit and entry notional of the trip, for rules and sizers."""
        profit, notional = closed
        self.trips.append(float(profit) / float(notional) if notional else 0.0)
        del self.trips[:-TRIPS_KEPT]
        for on_round_trip, guard in self.following:
            guard.call(on_round_trip, self.journal.now, profit)

    # Wishes

    def act(self, wishes: Sequence[tuple[Signal | OrderRequest | Cancel, int]]) -> None:
        """Carries out one plugin's wishes of one batch, each with the number of its record: cancels, exits, entries."""
        entries: list[tuple[Signal, int]] = []
        requests: list[OrderRequest] = []
        for wish, seq in wishes:
            if isinstance(wish, Cancel):
                self._cancel(wish)
            elif isinstance(wish, Signal):
                slot = self.market.index[wish.symbol]
                try:
                    if self._begin(wish, seq, slot):
                        entries.append((wish, seq))
                except Refused as refusal:
                    self._refuse_once(slot, 1, wish, seq, ZERO, str(refusal))
            else:
                requests.append(wish)
        if requests:
            place_requests(self, requests)
        for signal, seq in entries:
            self._enter(signal, seq)

    def settle_reversals(self) -> None:
        """Enters the new side of a reversal once the old one is closed."""
        for slot in sorted(self.after_flat):
            if slot not in self.book.holdings:
                self._enter(*self.after_flat.pop(slot))

    def _working(self, slot: int, role: Role) -> Order | None:
        for order in self.book.orders:
            if order.slot == slot and order.role == role:
                return order
        return None

    def _begin(self, signal: Signal, seq: int, slot: int) -> bool:
        """Does the cancelling and closing that a signal asks for; says whether an entry is to follow."""
        book = self.book
        held = book.quantity(slot)
        entry = self._working(slot, "entry")
        action = signal.action
        if action == "target":
            return self._begin_target(signal, seq, slot, held, entry)
        side = 1 if action == "buy" else -1 if action == "short" else 0
        self.after_flat.pop(slot, None)
        if entry is not None and entry.sign != side:
            self.exchange.end(book, entry, "cancelled", "a newer signal asks for something else")
            entry = None
        if held and (side == 0 or (held > 0) != (side > 0)):
            leaving = self._working(slot, "exit")
            if leaving is not None and leaving.remaining < held.copy_abs():
                self.exchange.end(book, leaving, "cancelled", "a newer signal asks for all of it")
                leaving = None
            if leaving is None:
                self.exit(slot, held.copy_abs(), signal.reason, seq)
            if side:
                self.after_flat[slot] = (signal, seq)
            return False
        if held:
            if self._working(slot, "exit") is not None:
                self.after_flat[slot] = (signal, seq)
                return False
        elif side and entry is None:
            return True
        if signal.valid_for is None:
            self.quiet[slot] = signal
        return False

    def _begin_target(self, signal: Signal, seq: int, slot: int, held: Decimal, entry: Order | None) -> bool:
        wanted = self._target(signal, slot)
        self.after_flat.pop(slot, None)
        pending = self._working(slot, "exit")
        if entry is not None:
            if add(held, entry.remaining if entry.sign > 0 else entry.remaining.copy_negate()) == wanted:
                return False
            self.exchange.end(self.book, entry, "cancelled", "a newer target asks for something else")
        if pending is not None:
            left = subtract(held, pending.remaining if held > 0 else pending.remaining.copy_negate())
            if left == wanted:
                return False
            self.exchange.end(self.book, pending, "cancelled", "a newer target asks for something else")
        if held and wanted and (held > 0) != (wanted > 0):
            self.exit(slot, held.copy_abs(), signal.reason, seq)
            self.after_flat[slot] = (signal, seq)
            return False
        if held and wanted.copy_abs() < held.copy_abs():
            self.exit(slot, subtract(held.copy_abs(), wanted.copy_abs()), signal.reason, seq)
            return False
        return wanted != held

    def _target(self, signal: Signal, slot: int) -> Decimal:
        """The signed units that a target asks for, toward zero to a multiple of the lot."""
        if signal.quantity is not None:
            wanted = decimal(signal.quantity)
        else:
            worth = multiply(decimal(signal.fraction or 0.0), self.equity())
            wanted = divide(worth, self.price(slot))
        size = floor_to(wanted.copy_abs(), self.exchange.instruments[slot].lot)
        return size if wanted > 0 else size.copy_negate()

    def _cancel(self, wish: Cancel) -> None:
        for order in list(self.book.orders):
            if wish.order in (order.id, order.tag):
                self.exchange.end(self.book, order, "cancelled", "the strategy cancelled it")

    # Entries

    def _enter(self, signal: Signal, seq: int) -> None:
        slot = self.market.index[signal.symbol]
        instrument = self.exchange.instruments[slot]
        held = self.book.quantity(slot)
        sign = -1 if signal.action == "short" else 1
        quantity = ZERO
        if self.watch is not None:
            self.watch.entering(signal, seq)
        try:
            price = self.price(slot)
            if signal.action == "target":
                wanted = subtract(self._target(signal, slot), held)
                sign = 1 if wanted > 0 else -1
                quantity = wanted.copy_abs()
            self.allowed(slot, sign)
            _right_side(signal, sign, price)
            if signal.action != "target":
                size = signal.size
                quantity = self.sized(signal, sign, slot, price) if size is None else divide(decimal(size), price)
                quantity = floor_to(quantity, instrument.lot)
            if self.watch is not None:
                self.watch.wanted(sign, quantity, price)
            quantity = self.passed(slot, sign, quantity, price)
            unit = self.unit_cost(instrument, price)
            quantity = self.covered(instrument, quantity, unit)
            if multiply(quantity, price) < instrument.min_notional:
                raise Refused(f"its notional is below the least of {plain(instrument.min_notional)} {instrument.quote}")
        except Refused as refusal:
            self._refuse_once(slot, sign, signal, seq, quantity, str(refusal))
            return
        self.refusals.pop(slot, None)
        order = self.order(slot, sign, quantity, "entry", seq, signal.reason)
        order.reserved = unit
        order.stop_loss = self._leg_price(signal.stop_loss, instrument, sign, stop=True)
        order.take_profit = self._leg_price(signal.take_profit, instrument, sign, stop=False)
        self.place(order)
        if self.watch is not None:
            self.watch.placed(order.id, order.quantity)

    def _refuse_once(self, slot: int, sign: int, signal: Signal, seq: int, quantity: Decimal, reason: str) -> None:
        """A refusal is recorded when it differs from the last one of its symbol, as signals are."""
        key = (signal.action, reason)
        number = None
        if self.refusals.get(slot) != key:
            self.refusals[slot] = key
            order = self.order(slot, sign, quantity, "entry", seq)
            self.refuse(order, reason)
            number = order.id
        if self.watch is not None:
            self.watch.refused(signal, seq, reason, number)

    def _leg_price(self, price: float | None, instrument: Instrument, entry: int, stop: bool) -> Decimal | None:
        """A bracket leg's price on the tick, never nearer to the market than asked for."""
        if price is None:
            return None
        round_to = floor_to if (entry > 0) == stop else ceil_to
        return round_to(exact(price), instrument.tick)


def _right_side(signal: Signal, sign: int, price: Decimal) -> None:
    """A bracket that the close has passed already is a mistake, not a wish."""
    if signal.stop_loss is None and signal.take_profit is None:
        return
    for name, level, away in (("stop_loss", signal.stop_loss, -sign), ("take_profit", signal.take_profit, sign)):
        if level is not None and (exact(level) >= price if away < 0 else exact(level) <= price):
            where = "below" if away < 0 else "above"
            raise Refused(f"its {name} is not {where} the close")
