"""Finding a moment of a session in its ledger: by index alone, so that however long it is, few rows are read."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Select, func, select

from papertape.ledger import tables
from papertape.ledger.records import FillRow, OrderRow, PredictionRow, SignalRow
from papertape.ledger.series import unpack_times
from papertape.ledger.store import Ledger

APART: Final = 2_048
"""Batches by which what is told of one may stand behind others on a tape: more than come in one block."""


class Mark(NamedTuple):
    """A checkpoint without its state: after `batch`, which closed at `at` (ms UTC), records up to `seq` are kept."""

    batch: int
    at: int
    seq: int


class Span(NamedTuple):
    """Between which checkpoints a moment lies. `before` closed before it, `after` at it or later; None where there is
    no such one."""

    before: Mark | None
    after: Mark | None


def around(ledger: Ledger, session: str, at: int) -> Span:
    """The checkpoints around a time, ms UTC."""
    rows = tables.checkpoints.c
    some = select(rows.batch, rows.at, rows.seq).where(rows.session == session).order_by(rows.batch).limit(1)

    def mark(query: Select[tuple[int, int, int]]) -> Mark | None:
        found = connection.execute(query).first()
        return None if found is None else Mark._make(found)

    with ledger.database.read() as connection:
        first = mark(some)
        last = mark(some.order_by(None).order_by(rows.batch.desc()))
        if first is None or last is None or first.at >= at:
            return Span(None, first)
        if last.at < at:
            return Span(last, None)
        while last.batch - first.batch > 1:  # first.at < at <= last.at
            middle = mark(some.where(rows.batch >= (first.batch + last.batch + 1) // 2))
            assert middle is not None
            if middle.at < at:
                first = middle
            elif middle.batch < last.batch:
                last = middle
            else:  # none between the middle and the last
                below = mark(some.order_by(None).order_by(rows.batch.desc()).where(rows.batch < last.batch))
                assert below is not None
                if below.at < at:
                    return Span(below, last)
                last = below
        return Span(first, last)


def anchors(ledger: Ledger, session: str, batch: int) -> Iterator[tuple[int, int, bytes]]:
    """(batch, seq, state) of the checkpoints up to a batch that have their state, the newest first."""
    rows = tables.checkpoints.c
    query = select(rows.batch, rows.seq, rows.state).where(rows.session == session, func.length(rows.state) > 0)
    while True:
        with ledger.database.read() as connection:
            found = connection.execute(query.where(rows.batch <= batch).order_by(rows.batch.desc()).limit(1)).first()
        if found is None:
            return
        yield found.batch, found.seq, found.state
        batch = found.batch - 1


def block_of(ledger: Ledger, session: str, batch: int) -> tuple[int, list[int]] | None:
    """The packed block of marks that begins at a batch or before it: its first batch, and the closes of all of its
    batches, ms UTC. None where there is none."""
    rows = tables.equity.c
    query = (
        select(rows.first_batch, rows.times)
        .where(rows.session == session, rows.book == _a_book(session).scalar_subquery(), rows.first_batch <= batch)
        .order_by(rows.first_batch.desc())
        .limit(1)
    )
    with ledger.database.read() as connection:
        found = connection.execute(query).first()
    return None if found is None else (found.first_batch, unpack_times(found.times).tolist())


def order_of(ledger: Ledger, session: str, seq: int) -> OrderRow | None:
    """The order of a number, in its latest state."""
    rows = tables.orders.c
    query = select(*(rows[name] for name in OrderRow._fields)).where(rows.session == session, rows.seq == seq)
    with ledger.database.read() as connection:
        found = connection.execute(query).first()
    return None if found is None else OrderRow._make(found)


def fills_of(ledger: Ledger, session: str, order: OrderRow) -> list[FillRow]:
    """The fills of an order: all of them stand between its number and that of its end."""
    rows = tables.fills.c
    query = (
        select(*(rows[name] for name in FillRow._fields))
        .where(rows.session == session, rows.seq > order.seq, rows.order == order.seq)
        .order_by(rows.seq)
    )
    if order.ended_seq is not None:
        query = query.where(rows.seq <= order.ended_seq)
    with ledger.database.read() as connection:
        return [FillRow._make(row) for row in connection.execute(query)]


def signal_before(ledger: Ledger, session: str, source: str, symbol: str, seq: int) -> SignalRow | None:
    """The last signal that a source had given for a symbol up to a number."""
    rows = tables.signals.c
    query = (
        select(*(rows[name] for name in SignalRow._fields))
        .where(rows.session == session, rows.seq <= seq, rows.source == source, rows.symbol == symbol)
        .order_by(rows.seq.desc())
        .limit(1)
    )
    with ledger.database.read() as connection:
        found = connection.execute(query).first()
    return None if found is None else SignalRow._make(found)


def prediction_of(ledger: Ledger, session: str, number: int) -> PredictionRow | None:
    """The prediction of a number."""
    rows = tables.predictions.c
    some = select(*(rows[name] for name in PredictionRow._fields))
    with ledger.database.read() as connection:
        found = connection.execute(some.where(rows.session == session, rows.number == number)).first()
    return None if found is None else PredictionRow._make(found)


def first_entry(ledger: Ledger, session: str, batch: int) -> int:
    """A number on the tape before which nothing stands of a batch or a later one.

    What stands on a tape is in the order of its batches but for what is told of one after the next have come, so the
    number is that of a batch well before.
    """
    rows = tables.tape.c
    some = select(rows.number, rows.batch).where(rows.session == session).order_by(rows.number).limit(1)
    with ledger.database.read() as connection:
        newest = connection.execute(select(func.max(rows.number)).where(rows.session == session)).scalar()
        low, high = 0, int(newest or 0)
        while low < high:
            middle = (low + high) // 2
            found = connection.execute(some.where(rows.number >= middle)).first()
            if found is None or found.batch >= batch - APART:
                high = middle
            else:
                low = found.number + 1
    return max(0, low - 1)


def batch_entry(ledger: Ledger, session: str, batch: int) -> str | None:
    """What a live session's tape has of a batch (JSON); None where it has none."""
    rows = tables.tape.c
    query = (
        select(rows.payload)
        .where(rows.session == session, rows.number >= first_entry(ledger, session, batch))
        .where(rows.batch == batch, rows.kind == "batch")
        .order_by(rows.number)
        .limit(1)
    )
    with ledger.database.read() as connection:
        found: str | None = connection.execute(query).scalar()
    return found


def _a_book(session: str) -> Select[tuple[str]]:
    """Any of a session's books: all have the same batches."""
    rows = tables.equity.c
    return select(rows.book).where(rows.session == session).order_by(rows.book).limit(1)
