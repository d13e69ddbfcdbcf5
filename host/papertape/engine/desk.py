"""A desk turns what a plugin wishes into orders of one book: sizing, risk rules, the instrument's limits."""

from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from papertape.broker.book import Book
from papertape.broker.exchange import Exchange
from papertape.broker.money import ZERO, add, ceil_to, decimal, divide, exact, floor_to, multiply, plain, subtract
from papertape.broker.order import Order, Role
from papertape.contract.candle import CLOSE, FLAGS, TS, Candles, Row
from papertape.contract.instrument import Instrument
from papertape.contract.order import Cancel, OrderRequest
from papertape.contract.risk import Mark, RiskRule, Sizer, SizingRequest, Standing
from papertape.contract.signal import Signal
from papertape.engine.guard import Guard
from papertape.engine.journal import Journal
from papertape.market.market import Market

ONE = Decimal(1)
TRIPS_KEPT = 100


class Refused(Exception):
    """Carries the reason for which an order is not placed; it never leaves the desk."""


class Desk:
    """One book's dealings. `rules` come with a guard each; `refuses` are candle flags on which entries are blocked.

    `quiet[slot]` is the signal that last needed nothing, until the book's slot is touched: repeating it costs one
    comparison.
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
        self.book = book
        self.exchange = exchange
        self.market = market
        self.journal = journal
        self.period = period
        self.latency = latency
        self.sizer, self.sizer_guard = sizer
        self.seat_rules(rules)
        self.refuses = refuses
        self.stale: frozenset[str] = frozenset()
        slots = len(market.symbols)
        self.quiet: list[Signal | None] = [None] * slots
        self.standing: list[Standing | None] = [None] * len(self.marking)
        self.after_flat: dict[int, tuple[Signal, int]] = {}
        self.refusals: dict[int, tuple[str, str]] = {}
        self.trips: list[float] = []

    def seat_rules(self, rules: Sequence[tuple[RiskRule, Guard]]) -> None:
        """Takes the rules; those that do not override a method are not called for it."""
        self.rules = list(rules)
        marking = [(rule.on_mark, guard) for rule, guard in rules if type(rule).on_mark is not RiskRule.on_mark]
        self.marking = [(number, on_mark, guard) for number, (on_mark, guard) in enumerate(marking)]
        self.checking = [(rule.check, guard) for rule, guard in rules if type(rule).check is not RiskRule.check]
        follows = [(rule, guard) for rule, guard in rules if type(rule).on_round_trip is not RiskRule.on_round_trip]
        self.following = [(rule.on_round_trip, guard) for rule, guard in follows]

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
            except Exception as error:  # noqa: BLE001  # whatever a guest does, the session goes on
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
                held = self.book.holdings[slot].quantity
                lot = self.exchange.instruments[slot].lot
                part = floor_to(multiply(held.copy_abs(), subtract(ONE, decimal(standing.fraction))), lot)
                if part > 0:
                    self._exit(slot, part, standing.reason, None)

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
                self._exit(slot, size, reason, None, at)

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
            self._place_requests(requests)
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
            if self._working(slot, "exit") is None:
                self._exit(slot, held.copy_abs(), signal.reason, seq)
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
            self._exit(slot, held.copy_abs(), signal.reason, seq)
            self.after_flat[slot] = (signal, seq)
            return False
        if held and wanted.copy_abs() < held.copy_abs():
            self._exit(slot, subtract(held.copy_abs(), wanted.copy_abs()), signal.reason, seq)
            return False
        return wanted != held

    def _target(self, signal: Signal, slot: int) -> Decimal:
        """The signed units that a target asks for, toward zero to a multiple of the lot."""
        if signal.quantity is not None:
            wanted = decimal(signal.quantity)
        else:
            worth = multiply(decimal(signal.fraction or 0.0), self._equity())
            wanted = divide(worth, self._price(slot))
        size = floor_to(wanted.copy_abs(), self.exchange.instruments[slot].lot)
        return size if wanted > 0 else size.copy_negate()

    def _price(self, slot: int) -> Decimal:
        row = self.market.last[slot]
        if row is None:
            raise Refused("there is no candle of it yet")
        return exact(row[CLOSE])

    def _equity(self) -> Decimal:
        return self.book.exact_equity(self.market.last)

    def _cancel(self, wish: Cancel) -> None:
        for order in list(self.book.orders):
            if wish.order in (order.id, order.tag):
                self.exchange.end(self.book, order, "cancelled", "the strategy cancelled it")

    def _order(self, slot: int, sign: int, quantity: Decimal, role: Role, seq: int | None, **rest: Any) -> Order:
        journal = self.journal
        return Order(
            journal.number(),
            journal.batch,
            journal.now,
            journal.now + self.latency,
            slot,
            self.market.symbols[slot],
            sign,
            rest.pop("type", "market"),
            quantity,
            role,
            signal=seq,
            **rest,
        )

    def _place(self, order: Order) -> None:
        self.book.place(order)
        self.journal.created(self.book, order)

    def _refuse(self, order: Order, reason: str) -> None:
        order.status = "refused"
        order.reason = reason
        order.ended_seq, order.ended_at = order.id, self.journal.now
        self.journal.created(self.book, order)

    def _exit(self, slot: int, quantity: Decimal, reason: str, seq: int | None, at: int | None = None) -> None:
        sign = -1 if self.book.quantity(slot) > 0 else 1
        order = self._order(slot, sign, quantity, "exit", seq, reason=reason)
        if at is not None:
            order.effective = at + self.latency
        self._place(order)

    # Entries

    def _enter(self, signal: Signal, seq: int) -> None:
        slot = self.market.index[signal.symbol]
        instrument = self.exchange.instruments[slot]
        held = self.book.quantity(slot)
        sign = -1 if signal.action == "short" else 1
        quantity = ZERO
        try:
            price = self._price(slot)
            if signal.action == "target":
                wanted = subtract(self._target(signal, slot), held)
                sign = 1 if wanted > 0 else -1
                quantity = wanted.copy_abs()
            self._allowed(slot, sign)
            _right_side(signal, sign, price)
            if signal.action != "target":
                size = signal.size
                quantity = self._sized(signal, sign, slot, price) if size is None else divide(decimal(size), price)
                quantity = floor_to(quantity, instrument.lot)
            quantity = self._passed(slot, sign, quantity, price)
            unit = self._unit_cost(instrument, price)
            quantity = self._covered(instrument, quantity, unit)
            if multiply(quantity, price) < instrument.min_notional:
                raise Refused(f"its notional is below the least of {plain(instrument.min_notional)} {instrument.quote}")
        except Refused as refusal:
            self._refuse_once(slot, sign, signal, seq, quantity, str(refusal))
            return
        self.refusals.pop(slot, None)
        order = self._order(slot, sign, quantity, "entry", seq, reason=signal.reason)
        order.reserved = unit
        order.stop_loss = self._leg_price(signal.stop_loss, instrument, sign, stop=True)
        order.take_profit = self._leg_price(signal.take_profit, instrument, sign, stop=False)
        self._place(order)

    def _refuse_once(self, slot: int, sign: int, signal: Signal, seq: int, quantity: Decimal, reason: str) -> None:
        """A refusal is recorded when it differs from the last one of its symbol, as signals are."""
        key = (signal.action, reason)
        if self.refusals.get(slot) != key:
            self.refusals[slot] = key
            self._refuse(self._order(slot, sign, quantity, "entry", seq), reason)

    def _allowed(self, slot: int, sign: int) -> None:
        row = self.market.last[slot]
        assert row is not None
        if sign < 0 and not self.exchange.instruments[slot].margin and self.book.quantity(slot) <= 0:
            raise Refused("it is a spot instrument: a short position needs margin")
        if self.market.symbols[slot] in self.stale:
            raise Refused("its data are stale")
        if row[FLAGS] & self.refuses:
            raise Refused("its newest candle carries a flag that the strategy does not tolerate")
        for _, guard in self.rules:
            if guard.status != "ok":
                raise Refused(f"the rule {guard.name} is {guard.status}, so nothing is entered")
        for standing in self.standing:
            if standing is not None and standing.action != "reduce":
                raise Refused(standing.reason)

    def _sized(self, signal: Signal, sign: int, slot: int, price: Decimal) -> Decimal:
        equity = self._equity()
        if equity <= 0:
            raise Refused("the book has no equity left")
        request = SizingRequest(
            now=self.journal.now,
            signal=signal,
            side="buy" if sign > 0 else "sell",
            instrument=self.exchange.instruments[slot],
            price=price,
            equity=equity,
            cash=self.book.cash,
            symbols=len(self.market.symbols),
            period=self.period,
            trips=tuple(self.trips),
            window=lambda: self._window(slot),
        )
        size = self.sizer_guard.call(self.sizer.size, request)
        if size is None:
            raise Refused(f"the sizer {self.sizer_guard.name} gave no size")
        if not isinstance(size, (Decimal, float, int)) or not isfinite(size) or size < 0:
            raise Refused(f"the sizer {self.sizer_guard.name} gave {size!r}, which is no quantity")
        return decimal(size)

    def _window(self, slot: int) -> Candles:
        return self.market.window(self.market.symbols[slot], None, self.sizer.lookback())

    def _passed(self, slot: int, sign: int, quantity: Decimal, price: Decimal) -> Decimal:
        """What the rules leave of an entry."""
        if not self.checking:
            return quantity
        row: Row | None = self.market.last[slot]
        assert row is not None
        for check, guard in self.checking:
            mark = Mark(
                now=self.journal.now,
                symbol=self.market.symbols[slot],
                side="buy" if sign > 0 else "sell",
                quantity=quantity,
                price=price,
                instrument=self.exchange.instruments[slot],
                position=self.book.quantity(slot),
                equity=self._equity(),
                exposure=self.book.exact_exposure(self.market.last),
                age=self.journal.now - row[TS] - self.period,
            )
            errors = guard.errors
            verdict = guard.call(check, mark)
            if guard.errors > errors:
                raise Refused(f"the rule {guard.name} failed, so nothing is entered")
            if isinstance(verdict, str):
                raise Refused(f"{guard.name}: {verdict}")
            if verdict is not None:
                if not (isinstance(verdict, Decimal) and verdict.is_finite() and verdict >= 0):
                    raise Refused(f"the rule {guard.name} gave {verdict!r}, which is neither a quantity nor a reason")
                quantity = min(quantity, verdict)
        return quantity

    def _covered(self, instrument: Instrument, quantity: Decimal, unit: Decimal) -> Decimal:
        """`quantity` rounded down to the lot and to what the book can pay. Raises `Refused` when nothing is left."""
        quantity = floor_to(quantity, instrument.lot)
        if quantity <= 0:
            raise Refused(f"its size is below one lot of {plain(instrument.lot)}")
        power = self._power(instrument)
        if multiply(unit, quantity) > power:
            quantity = floor_to(divide(max(power, ZERO), unit), instrument.lot)
            if quantity <= 0:
                raise Refused(f"what the book can spend does not cover one lot of {plain(instrument.lot)}")
        return quantity

    def _unit_cost(self, instrument: Instrument, price: Decimal) -> Decimal:
        """What a unit takes from buying power, its fee included."""
        rate = self.exchange.fees.rate(instrument, False)
        return multiply(price, add(ONE, max(rate, ZERO)))

    def _power(self, instrument: Instrument) -> Decimal:
        """Buying power: free cash, or with margin what leverage leaves beside the present exposure."""
        free = self.book.cash
        if instrument.margin:
            whole = multiply(self._equity(), instrument.leverage)
            free = subtract(whole, self.book.exact_exposure(self.market.last))
        return subtract(free, self.book.reserved())

    def _leg_price(self, price: float | None, instrument: Instrument, entry: int, stop: bool) -> Decimal | None:
        """A bracket leg's price on the tick, never nearer to the market than asked for."""
        if price is None:
            return None
        round_to = floor_to if (entry > 0) == stop else ceil_to
        return round_to(exact(price), instrument.tick)

    # Requests

    def _place_requests(self, requests: Sequence[OrderRequest]) -> None:
        """Places a strategy's own orders; the legs of a group pass or fall together."""
        groups: dict[object, list[OrderRequest]] = {}
        for number, request in enumerate(requests):
            groups.setdefault(request.group if request.group is not None else number, []).append(request)
        for legs in groups.values():
            made = [self._requested(leg) for leg in legs]
            placed: list[Order] = []
            reason = ""
            for order in made:
                try:
                    self._check_request(order)
                except Refused as refusal:
                    reason = str(refusal)
                    break
                self.book.place(order)  # so that the next leg is checked against what this one reserves
                placed.append(order)
            for order in placed:
                if reason:
                    self.book.withdraw(order)
                else:
                    self.journal.created(self.book, order)
            if reason:
                for order in made:
                    order.reserved = ZERO
                    self._refuse(order, reason if len(made) == 1 else f"a leg of its group was refused: {reason}")

    def _requested(self, request: OrderRequest) -> Order:
        slot = self.market.index[request.symbol]
        instrument = self.exchange.instruments[slot]
        sign = 1 if request.side == "buy" else -1
        limit_to, stop_to = (floor_to, ceil_to) if sign > 0 else (ceil_to, floor_to)
        order = self._order(
            slot,
            sign,
            floor_to(decimal(request.quantity), instrument.lot),
            "request",
            None,
            type=request.type,
            price=None if request.price is None else limit_to(decimal(request.price), instrument.tick),
            stop_price=None if request.stop_price is None else stop_to(decimal(request.stop_price), instrument.tick),
            trail=None if request.trail is None else decimal(request.trail),
            time_in_force=request.time_in_force,
            expires=None if request.expires is None else int(request.expires),
            reduce_only=request.reduce_only,
            group=request.group,
            tag=request.tag,
        )
        row = self.market.last[slot]
        if order.type == "trailing-stop" and order.stop_price is None and row is not None:
            assert order.trail is not None
            away = order.trail if sign > 0 else order.trail.copy_negate()
            order.stop_price = stop_to(add(exact(row[CLOSE]), away), instrument.tick)
        return order

    def _check_request(self, order: Order) -> None:
        instrument = self.exchange.instruments[order.slot]
        close = self._price(order.slot)
        price = next((level for level in (order.price, order.stop_price) if level is not None), close)
        if order.quantity <= 0:
            raise Refused(f"its quantity is below one lot of {plain(instrument.lot)}")
        if price <= 0:
            raise Refused("its price is below one tick")
        held = self.book.quantity(order.slot)
        against = bool(held) and (held > 0) != (order.sign > 0)
        promised = ZERO
        for other in self.book.orders:
            if other.slot == order.slot and other.sign == order.sign and other.role == "request":
                promised = add(promised, other.remaining)
        if order.reduce_only or (against and add(promised, order.quantity) <= held.copy_abs()):
            return
        if order.sign < 0 and not instrument.margin:
            raise Refused("it would sell more than the book holds: a short position needs margin")
        self._allowed(order.slot, order.sign)
        if self._passed(order.slot, order.sign, order.quantity, price) < order.quantity:
            raise Refused("a risk rule allows less than its quantity")
        if multiply(order.quantity, price) < instrument.min_notional:
            raise Refused(f"its notional is below the least of {plain(instrument.min_notional)} {instrument.quote}")
        unit = self._unit_cost(instrument, price)
        if multiply(unit, order.quantity) > self._power(instrument):
            raise Refused("what the book can spend does not cover it")
        order.reserved = unit


def _right_side(signal: Signal, sign: int, price: Decimal) -> None:
    """A bracket that the close has passed already is a mistake, not a wish."""
    for name, level, away in (("stop_loss", signal.stop_loss, -sign), ("take_profit", signal.take_profit, sign)):
        if level is not None and (exact(level) >= price if away < 0 else exact(level) <= price):
            where = "below" if away < 0 else "above"
            raise Refused(f"its {name} is not {where} the close")
