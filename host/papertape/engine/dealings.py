"""A book's dealings: what it takes to make an order fit to be placed, whoever wants it."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Final

from papertape.broker.book import Book
from papertape.broker.buying_power import buying_power, unit_cost
from papertape.broker.exchange import Exchange
from papertape.broker.money import ZERO, decimal, divide, exact, floor_to, multiply, plain, subtract
from papertape.broker.order import Order, Role
from papertape.contract.candle import CLOSE, FLAGS, TS, Candles, Row
from papertape.contract.errors import InvalidValue
from papertape.contract.feature import Features
from papertape.contract.instrument import Instrument
from papertape.contract.risk import Mark, RiskRule, Sizer, SizingRequest, Standing
from papertape.contract.signal import Signal
from papertape.engine.guard import Guard
from papertape.engine.journal import Journal
from papertape.engine.tracing import Watch
from papertape.market.market import Market

ONE: Final = Decimal(1)


class Refused(Exception):
    """Carries the reason for which an order is not placed; it never leaves the desk."""


class Dealings:
    """Numbers, checks and places the orders of one book.

    `rules` come with a guard each; `refuses` are candle flags on which entries are blocked, `stale` symbols on which
    they are. `standing`: what each standing rule says now. `trips`: profits of closed round trips as fractions.
    `peak`: the book's highest mark, quote currency, while it held anything; what it came to without is known when the
    next entry is sized. `read_features`: those that the sizer asks for, of a symbol's slot. `watch`: who looks on, if
    anybody.
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
        self.standing: list[Standing | None] = [None] * len(self.marking)
        self.trips: list[float] = []
        self.peak = book.equity
        self.read_features: Callable[[int], Features] = _no_features
        self.watch: Watch | None = None

    def seat_rules(self, rules: Sequence[tuple[RiskRule, Guard]]) -> None:
        """Takes the rules; those that do not override a method are not called for it."""
        self.rules = list(rules)
        marking = [(rule.on_mark, guard) for rule, guard in rules if type(rule).on_mark is not RiskRule.on_mark]
        self.marking = [(number, on_mark, guard) for number, (on_mark, guard) in enumerate(marking)]
        self.checking = [(rule.check, guard) for rule, guard in rules if type(rule).check is not RiskRule.check]
        follows = [(rule, guard) for rule, guard in rules if type(rule).on_round_trip is not RiskRule.on_round_trip]
        self.following = [(rule.on_round_trip, guard) for rule, guard in follows]

    def price(self, slot: int) -> Decimal:
        row = self.market.last[slot]
        if row is None:
            raise Refused("there is no candle of it yet")
        return exact(row[CLOSE])

    def equity(self) -> Decimal:
        return self.book.exact_equity(self.market.last)

    def order(self, slot: int, sign: int, quantity: Decimal, role: Role, seq: int | None, reason: str = "") -> Order:
        """A market order, effective from now on."""
        journal = self.journal
        return Order(
            journal.number(),
            journal.batch,
            journal.now,
            journal.now + self.latency,
            slot,
            self.market.symbols[slot],
            sign,
            "market",
            quantity,
            role,
            signal=seq,
            reason=reason,
        )

    def place(self, order: Order) -> None:
        self.book.place(order)
        self.journal.created(self.book, order)

    def refuse(self, order: Order, reason: str) -> None:
        order.status = "refused"
        order.reason = reason
        order.ended_seq, order.ended_at = order.id, self.journal.now
        self.journal.created(self.book, order)

    def exit(self, slot: int, quantity: Decimal, reason: str, seq: int | None, at: int | None = None) -> None:
        sign = -1 if self.book.quantity(slot) > 0 else 1
        order = self.order(slot, sign, quantity, "exit", seq, reason)
        if at is not None:
            order.effective = at + self.latency
        self.place(order)

    def allowed(self, slot: int, sign: int) -> None:
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

    def sized(self, signal: Signal, sign: int, slot: int, price: Decimal) -> Decimal:
        equity = self.equity()
        if equity <= 0:
            raise Refused("the book has no equity left")
        worth = float(equity)
        self.peak = max(self.peak, worth)
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
            drawdown=1.0 - worth / self.peak,
            notionals=self._notionals,
            features=self._features,
        )
        size = self.sizer_guard.call(self.sizer.size, request)
        if size is None:
            raise Refused(f"the sizer {self.sizer_guard.name} gave no size")
        if not isinstance(size, (Decimal, float, int)) or not isfinite(size) or size < 0:
            raise Refused(f"the sizer {self.sizer_guard.name} gave {size!r}, which is no quantity")
        if self.watch is not None:
            self.watch.sized(self.sizer, self.sizer_guard.name, request, decimal(size))
        return decimal(size)

    def _notionals(self) -> dict[str, float]:
        """Signed notional at the last closes of what the book holds."""
        found = {}
        for slot, held in sorted(self.book.holdings.items()):
            row = self.market.last[slot]
            assert row is not None
            found[self.market.symbols[slot]] = float(held.quantity) * row[CLOSE]
        return found

    def _features(self, symbol: str) -> Features:
        slot = self.market.index.get(symbol)
        if slot is None:
            raise InvalidValue(f"symbol {symbol!r} is not in this session; it has {', '.join(self.market.symbols)}")
        return self.read_features(slot)

    def _window(self, slot: int) -> Candles:
        return self.market.window(self.market.symbols[slot], None, self.sizer.lookback())

    def passed(self, slot: int, sign: int, quantity: Decimal, price: Decimal) -> Decimal:
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
                equity=self.equity(),
                exposure=self.book.exact_exposure(self.market.last),
                age=self.journal.now - row[TS] - self.period,
            )
            errors = guard.errors
            verdict = guard.call(check, mark)
            if self.watch is not None:
                self.watch.ruled(guard.name, mark, verdict, guard.errors > errors)
            if guard.errors > errors:
                raise Refused(f"the rule {guard.name} failed, so nothing is entered")
            if isinstance(verdict, str):
                raise Refused(f"{guard.name}: {verdict}")
            if verdict is not None:
                if not (isinstance(verdict, Decimal) and verdict.is_finite() and verdict >= 0):
                    raise Refused(f"the rule {guard.name} gave {verdict!r}, which is neither a quantity nor a reason")
                quantity = min(quantity, verdict)
        return quantity

    def covered(self, instrument: Instrument, quantity: Decimal, unit: Decimal) -> Decimal:
        """`quantity` rounded down to the lot and to what the book can pay. Raises `Refused` when nothing is left."""
        asked, quantity = quantity, floor_to(quantity, instrument.lot)
        if quantity <= 0:
            raise Refused(f"its size is below one lot of {plain(instrument.lot)}")
        power = self.power(instrument)
        covers = multiply(unit, quantity) <= power
        if not covers:
            quantity = floor_to(divide(max(power, ZERO), unit), instrument.lot)
        if self.watch is not None:
            self.watch.covered(asked, instrument.lot, unit, power, quantity)
        if quantity <= 0:
            raise Refused(f"what the book can spend does not cover one lot of {plain(instrument.lot)}")
        return quantity

    def unit_cost(self, instrument: Instrument, price: Decimal) -> Decimal:
        """What a unit takes from buying power, its fee included."""
        return unit_cost(instrument, price, self.exchange.fees.rate(instrument, False))

    def power(self, instrument: Instrument) -> Decimal:
        """Buying power: free cash, or with margin what leverage leaves beside the present exposure."""
        if instrument.margin:
            return buying_power(self.book, self.exchange.instruments, instrument, self.market.last)
        return subtract(self.book.free(), self.book.reserved())


def _no_features(slot: int) -> Features:
    return Features({}, b"")
