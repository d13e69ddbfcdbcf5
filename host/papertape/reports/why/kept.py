"""What a ledger alone holds of a candle: its records, and nothing of silences, features and verdicts."""

import json
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from papertape.contract.errors import LedgerError
from papertape.engine.config import unique_names
from papertape.engine.seat import SIDES
from papertape.engine.tape import read_header
from papertape.ledger.finding import around, batch_entry, block_of, signal_before
from papertape.ledger.records import FillRow, OrderRow, SignalRow, TapeRow
from papertape.ledger.store import Ledger, SessionRow
from papertape.market.timeframe import period
from papertape.reports.why.broker import decided, fates, fill_link, order_link
from papertape.reports.why.chain import BookLink, CandleLink, Chain, StanceLink, VoteLink, WishLink, WordLink
from papertape.reports.why.market import candle_link, data_notes
from papertape.reports.why.order_links import MeetingLink, Rule

UNKNOWN = Rule("unknown", "", "")
"""By which rule cannot be told without the candle."""


def from_ledger(
    ledger: Ledger, session: SessionRow, tape: Sequence[TapeRow], symbol: str, books: Sequence[str], at: int, why: str
) -> Chain:
    """The chain as far as records go. `why`: what keeps the session from being folded again.

    Raises `LedgerError` where not even the batch can be found: one that only warmed up.
    """
    span = around(ledger, session.id, at)
    assert span.after is not None
    block = block_of(ledger, session.id, span.after.batch)
    times = [] if block is None else block[1]
    place = bisect_left(times, at)
    if block is None or place == len(times):
        raise LedgerError(f"session {session.id} cannot be folded again, and its ledger has no marks of then: {why}")
    batch, closed = block[0] + place, times[place]
    first = 0 if span.before is None else span.before.seq
    records = _Records(ledger, session.id, batch, first, span.after.seq)
    header = read_header(tape)
    fusions = unique_names(header.config.fusion, unique_names(header.config.strategies))
    step = period(session.timeframe)
    candle = _candle(ledger, session, symbol, batch, closed, step) if header.live else None
    return Chain(
        session.id, symbol, session.timeframe, at, batch, closed - step, closed, "ledger",
        (f"the session cannot be folded again, so this is only what its ledger holds: {why}",), candle, (), (),
        tuple(records.book(book, symbol, book in fusions, closed) for book in books), (),
    )  # fmt: skip


def _candle(ledger: Ledger, session: SessionRow, symbol: str, batch: int, closed: int, step: int) -> CandleLink | None:
    payload = batch_entry(ledger, session.id, batch)
    if payload is None:
        return None
    document: dict[str, Any] = json.loads(payload)
    row = document["rows"].get(symbol)
    notes = data_notes(ledger, session.id, symbol, closed - step)
    kept = None if row is None else tuple(row)
    return candle_link(kept, kept, closed, step, document["arrived"], False, notes, ())


class _Records:
    """The records of one batch."""

    def __init__(self, ledger: Ledger, session: str, batch: int, first: int, last: int) -> None:
        self.ledger = ledger
        self.session = session
        self.batch = batch
        self.last = last
        self.signals = self._of(SignalRow, first)
        self.orders = self._of(OrderRow, first)
        self.fills = self._of(FillRow, first)

    def _of(self, kind: type[Any], first: int) -> list[Any]:
        found = []
        for row in self.ledger.rows(self.session, kind, from_seq=first + 1):
            if row.seq > self.last:
                break
            if row.batch == self.batch:
                found.append(row)
        return found

    def book(self, book: str, symbol: str, fusion: bool, closed: int) -> BookLink:
        """What the ledger has of one book."""
        said = [row for row in self.signals if row.source == book and row.symbol == symbol]
        wishes = tuple(_wish(row, True) for row in said)
        muted = "the session was muted" if any(row.muted for row in said) else None
        stance = self._stance(book, symbol)
        fills = [row for row in self.fills if row.book == book and row.symbol == symbol]
        made = decided(self.orders, book, symbol, self.batch)
        word = None if fusion else WordLink("ok", None, wishes, stance, {}, ())
        wish = wishes[-1] if wishes else None
        vote = VoteLink("ok", "", {}, bool(wishes), (), wish, stance, None) if fusion else None
        return BookLink(
            book, "fusion" if fusion else "strategy", None, self._met(fills), (), word, vote, muted, (),
            fates(self.ledger, self.session, made, {}), (),
        )  # fmt: skip

    def _stance(self, book: str, symbol: str) -> StanceLink | None:
        """What its last signal up to the batch stood for; that it may have lapsed since is not in the records."""
        upto = min((row.seq for row in (*self.signals, *self.orders) if row.batch > self.batch), default=self.last)
        row = signal_before(self.ledger, self.session, book, symbol, upto)
        while row is not None and row.batch > self.batch:
            row = signal_before(self.ledger, self.session, book, symbol, row.seq - 1)
        side = None if row is None else SIDES.get(row.action)
        if row is None or side is None:
            return None
        return StanceLink(side, row.confidence, row.stop_loss, row.take_profit, row.at, row.reason)

    def _met(self, fills: list[FillRow]) -> tuple[MeetingLink, ...]:
        found = []
        for seq in sorted({fill.order for fill in fills}):
            order = next(self.ledger.rows(self.session, OrderRow, from_seq=seq))
            mine = tuple(fill_link(fill, order, None) for fill in fills if fill.order == seq)
            found.append(MeetingLink(order_link(order), UNKNOWN, mine, None, ""))
        return tuple(found)


def _wish(row: SignalRow, new: bool) -> WishLink:
    return WishLink(
        "signal", row.action, row.confidence, row.stop_loss, row.take_profit, row.size, row.quantity, row.fraction,
        row.reason, row.seq, new, "muted" if row.muted else "recorded",
    )  # fmt: skip
