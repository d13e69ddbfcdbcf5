"""Fills as the broker's own book settles them and the journal records them."""

from decimal import Decimal

from papertape import Row
from papertape.broker.book import Book
from papertape.broker.order import Order
from papertape.engine.journal import Journal
from papertape.ledger.records import FillRow

D = Decimal


class Trader:
    """One book with margin, whose executions are told in the order they happen."""

    def __init__(self, rate: str = "0", name: str = "macd", cash: int = 10_000) -> None:
        self.book = Book(name, D(cash), True)
        self.rate = D(rate)
        self.journal = Journal()

    def fill(self, side: str, quantity: object, price: object, at: int = 0, role: str = "entry", slot: int = 0) -> None:
        sign, units, unit = (1 if side == "buy" else -1), D(str(quantity)), D(str(price))
        symbol = "AB"[slot]
        order = Order(self.journal.number(), 0, at, at, slot, symbol, sign, "market", units, role)  # type: ignore[arg-type]
        settled = self.book.settle(slot, sign, units, unit, self.rate, at)
        self.journal.filled(self.book, order, units, unit, False, at, settled, "")

    def see(self, high: float, low: float, close: float) -> None:
        """A candle of the first symbol."""
        rows: tuple[Row | None, ...] = ((0, close, high, low, close, 1.0, 0), (0, 1.0, 1.0, 1.0, 1.0, 1.0, 0))
        self.book.mark(rows, rows)

    @property
    def fills(self) -> list[FillRow]:
        return self.journal.collected.fills
