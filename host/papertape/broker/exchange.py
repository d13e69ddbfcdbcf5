"""The simulated exchange: what holds on it, and where it says what happened."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from papertape.broker.book import Book, Settled
from papertape.broker.marks import Marks
from papertape.broker.order import Order, Status
from papertape.contract.execution import FeeModel, SlippageModel
from papertape.contract.instrument import Instrument


class Journal(Protocol):
    """Where the exchange says what happened; it numbers everything."""

    batch: int
    now: int

    def number(self) -> int: ...
    def created(self, book: Book, order: Order) -> None: ...
    def changed(self, book: Book, order: Order) -> None: ...
    def ended(self, book: Book, order: Order) -> None: ...
    def filled(
        self,
        book: Book,
        order: Order,
        quantity: Decimal,
        price: Decimal,
        maker: bool,
        at: int,
        settled: Settled,
        note: str,
    ) -> None: ...


class Exchange:
    """The instruments with their rules, and what fills cost; `marks`: the newest mark candles, where a feed has some.

    `participation`: the fraction of a candle's volume that one book may take, None for no limit. `touch`: whether a
    limit fills when the range only touches it.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        fees: FeeModel,
        slippage: SlippageModel,
        journal: Journal,
        participation: Decimal | None = None,
        touch: bool = False,
    ) -> None:
        self.instruments = instruments
        self.fees = fees
        self.slippage = slippage
        self.journal = journal
        self.participation = participation
        self.touch = touch
        self.marks = Marks()

    def end(self, book: Book, order: Order, status: Status, reason: str) -> None:
        """Takes a working order off the book."""
        order.status = status
        order.reason = reason
        book.withdraw(order)
        self.journal.ended(book, order)
