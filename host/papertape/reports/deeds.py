"""What a session did, in the order in which it did it, as its ledger tells."""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import takewhile
from typing import Any, Literal, NamedTuple

import numpy as np

from papertape.engine.divergence import Numbered, numbered, what
from papertape.ledger.records import EquityRow, OrderRow
from papertape.ledger.series import unpack_times
from papertape.ledger.store import Ledger

Kind = Numbered | Literal["refusal", "end", "state"]


class Deed(NamedTuple):
    """A record, and the batch in which it came about. An order has two: it is made (`order`), and it stops working
    (`end`), or goes on to work when all is told (`state`)."""

    batch: int
    kind: Kind
    row: Any


def deeds(ledger: Ledger, session: str, last: int) -> Iterator[Deed]:
    """Everything that a session did up to batch `last`, streaming; orders that work then come at the end."""
    clock = _Clock(ledger, session)
    working: list[tuple[int, int, OrderRow]] = []  # those that end, the next one first
    standing: list[OrderRow] = []
    batch = -1

    def ends(before: float, limit: int) -> Iterator[Deed]:
        while working and working[0][0] < before:
            row = heappop(working)[2]
            yield Deed(min(max(batch, clock.batch(row.ended_at)), limit), "end", row)

    for row in numbered(ledger, session):
        if row.batch > last:
            break
        for deed in ends(row.seq, row.batch):
            batch = deed.batch
            yield deed
        batch = row.batch
        yield Deed(batch, _kind(row), row)
        if not isinstance(row, OrderRow) or row.status == "refused":
            continue
        if row.ended_seq is None:
            standing.append(row)
        else:
            heappush(working, (row.ended_seq, row.seq, row))
    for deed in ends(np.inf, last + 1):
        batch = deed.batch
        if batch <= last:
            yield deed
    yield from (Deed(last, "state", row) for row in standing)


def _kind(row: Any) -> Kind:
    return "refusal" if isinstance(row, OrderRow) and row.status == "refused" else what(row)


class _Clock:
    """Which batch a time belongs to: the last one that had closed by then. Asked in about ascending order."""

    def __init__(self, ledger: Ledger, session: str) -> None:
        self._blocks = _of_one_book(ledger.rows(session, EquityRow))
        self._first = 0
        self._times = np.empty(0, np.int64)

    def batch(self, at: int | None) -> int:
        while at is not None and (not len(self._times) or self._times[-1] < at):
            block = next(self._blocks, None)
            if block is None:
                break
            self._first, self._times = block.first_batch, unpack_times(block.times)
        return self._first + int(np.searchsorted(self._times, at or 0, side="right")) - 1


def _of_one_book(blocks: Iterator[EquityRow]) -> Iterator[EquityRow]:
    """The first book's: all have the same times."""
    first = next(blocks, None)
    if first is not None:
        yield first
        yield from takewhile(lambda block: block.book == first.book, blocks)
