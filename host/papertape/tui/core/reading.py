"""Pages of a session's records: the newest ones, and those after a place, as many as are asked for."""

import json
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Connection, Table, func, select

from papertape.ledger import tables
from papertape.ledger.records import (
    CheckpointRow,
    EquityRow,
    FillRow,
    NoteRow,
    PluginEventRow,
    SignalRow,
    TapeRow,
)
from papertape.ledger.store import CommandRow, Ledger, SessionRow
from papertape.tui.core.views import SessionLine, Status

Numbered = TypeVar("Numbered", SignalRow, FillRow, PluginEventRow, TapeRow, CommandRow)

_TABLES: dict[type, tuple[Table, str]] = {
    SignalRow: (tables.signals, "seq"),
    FillRow: (tables.fills, "seq"),
    PluginEventRow: (tables.plugin_events, "seq"),
    TapeRow: (tables.tape, "number"),
    CommandRow: (tables.commands, "id"),
}


def newest(
    connection: Connection,
    kind: type[Numbered],
    session: str,
    after: int,
    most: int,
    of_kinds: Sequence[str] | None = None,
) -> list[Numbered]:
    """The newest `most` records whose number is above `after`, oldest first; `of_kinds` as in `Ledger.rows`."""
    table, key = _TABLES[kind]
    query = select(*(table.c[name] for name in kind._fields)).where(table.c.session == session, table.c[key] > after)
    if of_kinds is not None:
        query = query.where(table.c.kind.in_(of_kinds))
    found = connection.execute(query.order_by(table.c[key].desc()).limit(most))
    return [kind._make(row) for row in found][::-1]


def fills_after(connection: Connection, session: str, seq: int, most: int) -> list[FillRow]:
    """The first `most` fills after a number, in order."""
    table = tables.fills
    columns = [table.c[name] for name in FillRow._fields]
    query = select(*columns).where(table.c.session == session, table.c.seq > seq).order_by(table.c.seq).limit(most)
    return [FillRow._make(row) for row in connection.execute(query)]


def equity_after(connection: Connection, session: str, book: str, batch: int, most: int) -> list[EquityRow]:
    """The first `most` blocks of a book's equity that begin after a batch, in order."""
    table = tables.equity
    query = (
        select(*(table.c[name] for name in EquityRow._fields))
        .where(table.c.session == session, table.c.book == book, table.c.first_batch > batch)
        .order_by(table.c.first_batch)
        .limit(most)
    )
    return [EquityRow._make(row) for row in connection.execute(query)]


def checkpoint_after(connection: Connection, session: str, batch: int) -> CheckpointRow | None:
    """The newest checkpoint, if it is of a batch after that one."""
    table = tables.checkpoints
    query = (
        select(*(table.c[name] for name in CheckpointRow._fields))
        .where(table.c.session == session, table.c.batch > batch)
        .order_by(table.c.batch.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return CheckpointRow._make(found) if found else None


def notes(connection: Connection, session: str) -> tuple[NoteRow, ...]:
    """What was noted of the data so far."""
    table = tables.notes
    query = select(*(table.c[name] for name in NoteRow._fields)).where(table.c.session == session)
    return tuple(NoteRow._make(row) for row in connection.execute(query.order_by(*table.primary_key)))


def session_row(connection: Connection, session: str) -> SessionRow | None:
    """The session's own row; None where it is not there."""
    found = connection.execute(select(tables.sessions).where(tables.sessions.c.id == session)).first()
    return SessionRow._make(found) if found else None


def recent_sessions(ledger: Ledger, most: int) -> tuple[SessionLine, ...]:
    """The newest sessions of a ledger, the newest first."""
    columns = tables.sessions
    query = select(columns).order_by(columns.c.created_at.desc(), columns.c.id).limit(most)
    with ledger.database.read() as connection:
        rows = [SessionRow._make(row) for row in connection.execute(query)]
    return tuple(_line(ledger, row) for row in rows)


def count_sessions(ledger: Ledger) -> int:
    """How many sessions a ledger has."""
    with ledger.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(tables.sessions)).scalar_one())


def status_of(ledger: Ledger, row: SessionRow) -> Status:
    """As recorded; a session that was running when its host died is `interrupted`."""
    if row.status == "running" and not ledger.is_owned(row.id):
        return "interrupted"
    status: Status = row.status  # type: ignore[assignment]  # the engine writes no others
    return status


def _line(ledger: Ledger, row: SessionRow) -> SessionLine:
    books = json.loads(row.summary)["books"] if row.summary else []
    best = max(((book["name"], book["return"]) for book in books), key=lambda pair: pair[1], default=None)
    kind = json.loads(row.config)["feed"]["kind"]
    symbols = tuple(json.loads(row.symbols))
    return SessionLine(
        row.id, status_of(ledger, row), row.created_at, kind, symbols, row.timeframe, row.snapshots, row.last_ts, best
    )
