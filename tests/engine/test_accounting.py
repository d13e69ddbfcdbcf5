"""Whatever the market does and the plugins wish, the books add up. Every rule here holds for every session."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from tests.engine.scripted import Rows, scripted, started
from tests.strategies import Case, cases

from papertape import Row
from papertape.broker.book import Book
from papertape.broker.money import ZERO, add, booked, exact, floor_to, multiply, subtract
from papertape.contract.candle import CLOSE, HIGH, LOW, OPEN, TS, VOLUME
from papertape.engine.build import Built
from papertape.engine.config import Spec
from papertape.ledger.records import FillRow, OrderRow

RESTRICTED = ("exit", "stop-loss", "take-profit", "liquidation")


class Auditor:
    """Keeps accounts of its own, from the fills alone, and compares after every batch."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.feed = Rows(case.market, warmed=case.warmed)
        strategies = {name: scripted(script) for name, script in case.scripts.items()}
        self.built: Built = started(self.feed, strategies, **case.config)
        self.session = self.built.session
        self.instruments = dict(zip(self.feed.symbols, self.built.instruments, strict=True))
        self.cash = {book.name: case.config["cash"] for book in self.session.books}
        self.profit = dict.fromkeys(self.cash, ZERO)
        self.held: dict[tuple[str, str], Decimal] = {}
        self.filled: dict[int, Decimal] = {}
        self.orders: dict[int, OrderRow] = {}
        self.numbers: list[int] = []

    def run(self) -> None:
        for block in self.feed.blocks():
            for now, rows in zip(block.times, block.rows, strict=True):
                self.session.step(now, rows)
                effects = self.session.journal.drain()
                self.orders.update((order.seq, order) for order in effects.orders)
                self.numbers += [row.seq for row in effects.signals]
                self.numbers += [row.seq for row in effects.fills]
                self.numbers += [row.seq for row in effects.plugin_events]
                for fill in effects.fills:
                    self.book_fill(fill)
                    self.check_fill(fill, now)
                self.check_volume(effects.fills, rows)
                for book in self.session.books:
                    self.check_book(book)
        self.check_orders()

    def book_fill(self, fill: FillRow) -> None:
        notional = booked(multiply(fill.quantity, fill.price))
        sign = 1 if fill.side == "buy" else -1
        self.cash[fill.book] = subtract(subtract(self.cash[fill.book], sign * notional), fill.fee)
        key = (fill.book, fill.symbol)
        before = self.held.get(key, ZERO)
        self.held[key] = after = add(before, sign * fill.quantity)
        self.filled[fill.order] = add(self.filled.get(fill.order, ZERO), fill.quantity)
        self.profit[fill.book] = add(self.profit[fill.book], fill.profit or ZERO)
        assert (fill.cash, fill.position) == (self.cash[fill.book], after)
        if fill.role in RESTRICTED or self.orders[fill.order].reduce_only:
            assert abs(after) < abs(before) and after * before >= 0, "it may only reduce"

    def check_fill(self, fill: FillRow, now: int) -> None:
        order, instrument = self.orders[fill.order], self.instruments[fill.symbol]
        row = self.session.market.last[self.session.market.index[fill.symbol]]
        assert row is not None
        rate = instrument.maker if fill.maker else instrument.taker
        if fill.role == "liquidation":
            rate = add(rate, instrument.liquidation_fee)
        assert fill.fee == booked(multiply(multiply(fill.quantity, fill.price), rate))
        assert fill.quantity > 0 and fill.quantity % instrument.lot == 0
        assert not instrument.tick or fill.price % instrument.tick == 0 or fill.price < instrument.tick
        self.check_price(fill, order, row)
        if order.role == "liquidation" and fill.at == order.effective == now:
            return
        inside = order.type == "market" and row[TS] < order.effective < now
        assert inside or order.effective <= row[TS], "no candle that opened before its order's effective time"
        if inside and self.exact_prices:
            worse = max(row[OPEN], row[CLOSE]) if fill.side == "buy" else min(row[OPEN], row[CLOSE])
            assert fill.price == exact(worse)

    @property
    def exact_prices(self) -> bool:
        return bool(self.case.config["slippage"] == Spec("none") and self.case.rules["tick"] == "0")

    def check_price(self, fill: FillRow, order: OrderRow, row: Row) -> None:
        low, high = exact(row[LOW]), exact(row[HIGH])
        if self.exact_prices:
            assert low <= fill.price <= high
        elif fill.side == "buy":
            assert fill.price >= low, "slippage and tick never help"
        else:
            assert fill.price <= high
        if order.price is not None:
            assert fill.price <= order.price if fill.side == "buy" else fill.price >= order.price

    def check_volume(self, fills: list[FillRow], rows: tuple[Row | None, ...]) -> None:
        share = self.case.config["participation"]
        taken: dict[tuple[str, str], Decimal] = {}
        for fill in fills:
            if fill.role != "liquidation":
                key = (fill.book, fill.symbol)
                taken[key] = add(taken.get(key, ZERO), fill.quantity)
        for (_, symbol), quantity in taken.items():
            row = rows[self.session.market.index[symbol]]
            assert row is not None
            if share is not None:
                assert quantity <= floor_to(multiply(exact(row[VOLUME]), share), self.instruments[symbol].lot)

    def check_book(self, book: Book) -> None:
        market = self.session.market
        equity = self.cash[book.name]
        for slot, symbol in enumerate(market.symbols):
            held = self.held.get((book.name, symbol), ZERO)
            row = market.last[slot]
            assert book.quantity(slot) == held
            equity = add(equity, multiply(held, exact(row[CLOSE])) if row is not None else ZERO)
            assert self.case.margin or held >= 0
            for role in ("stop-loss", "take-profit", "exit"):
                working = [order for order in book.orders if order.slot == slot and order.role == role]
                assert sum(order.remaining for order in working) <= abs(held)
                assert all((order.sign < 0) == (held > 0) for order in working)
        assert book.cash == self.cash[book.name]
        assert self.case.margin or book.cash >= 0
        assert book.exact_equity(market.last) == equity
        assert abs(book.equity - float(equity)) <= 1e-9 * max(1.0, abs(book.equity), book.exposure)
        if not book.holdings:
            assert subtract(book.cash, self.case.config["cash"]) == self.profit[book.name]

    def check_orders(self) -> None:
        for order in self.orders.values():
            filled = self.filled.get(order.seq, ZERO)
            assert order.filled == filled <= order.quantity
            assert (order.status == "filled") == (filled == order.quantity > 0)
            assert order.time_in_force != "FOK" or filled in (0, order.quantity)
            if order.status == "refused":
                assert filled == 0 and order.reason
        open_orders = {order.id for book in self.session.books for order in book.orders}
        assert open_orders == {order.seq for order in self.orders.values() if order.status == "working"}
        numbers = sorted([*self.numbers, *self.orders])
        assert all(first < second for first, second in pairwise(numbers)), "every number is given once"
        counted = len(self.feed.batches) - self.case.warmed
        assert [len(curve[0]) for curve in self.session.curves] == [max(0, counted)] * len(self.session.curves)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_books_add_up_whatever_happens(case: Case) -> None:
    Auditor(case).run()
