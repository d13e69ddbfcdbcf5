"""Watching a book: the raw values that a policy reads of it, out of the snapshots that a host gives."""

from collections.abc import Mapping
from typing import Any

from papertape.contract.snapshot import BookView, Snapshot
from papertape_ml.rl.formulas import book_inputs


class Watch:
    """Follows one book from snapshot to snapshot: `peak`, its highest equity so far, and `before`, the one at the close
    before. With several symbols each has the same share of the book."""

    def __init__(self, period: int, symbols: int = 1) -> None:
        self._period = period
        self._symbols = symbols
        self.peak: float | None = None
        self.before: float | None = None
        self._now: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def look(self, snapshot: Snapshot) -> BookView:
        """Takes in the book at a close; once for each snapshot."""
        book = snapshot.book
        equity = book.equity
        before = equity if self.before is None else self.before
        self.peak = equity if self.peak is None else max(self.peak, equity)
        self.before = equity
        self._now = (equity, before, self.peak)
        return book

    def inputs(self, snapshot: Snapshot, book: BookView, symbol: str) -> tuple[float, ...]:
        """The raw values of the book as they concern a symbol, in the order of `observing.BOOK`."""
        share = float(self._symbols)
        equity, before, peak = (each / share for each in self._now)
        position = book.positions.get(symbol)
        quantity = entry = age = 0.0
        if position is not None and position.entry_price is not None and position.opened_at is not None:
            quantity, entry = float(position.quantity), float(position.entry_price)
            age = (snapshot.now - position.opened_at) / self._period
        cash = float(book.cash) / share
        return book_inputs(quantity, entry, snapshot.close(symbol), cash, equity, before, peak, age)

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"peak": self.peak, "before": self.before}

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        self.peak, self.before = kept["peak"], kept["before"]
