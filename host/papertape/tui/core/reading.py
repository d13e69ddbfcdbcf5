"""Pages of a session's records: the newest ones, and those after a place, as many as are asked for."""

import json
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, Table, bindparam, func, select

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

Numbered = TypeVar("Numbered", bound=tuple[Any, ...])

_TABLES: dict[type, tuple[Table, str]] = {
    SignalRow: (tables.signals, "seq"),
    FillRow: (tables.fills, "seq"),
    PluginEventRow: (tables.plugin_events, "seq"),
    TapeRow: (tables.tape, "number"),
    CommandRow: (tables.commands, "id"),
}


def _of(table: Table, kind: type[Any]) -> Select[Any]:
    """A session's records of a kind."""
    return select(*(table.c[name] for name in kind._fields)).where(table.c.session == bindparam("session"))


# Made once: to put a query together takes longer than to run it, and a screen asks many times a second.
_SESSION = select(tables.sessions).where(tables.sessions.c.id == bindparam("session"))
_LAST_ENTRY = select(func.max(tables.tape.c.number)).where(tables.tape.c.session == bindparam("session"))
_NOTES = _of(tables.notes, NoteRow).order_by(*tables.notes.primary_key)
_FILLS = (
    _of(tables.fills, FillRow)
    .where(tables.fills.c.seq > bindparam("seq"))
    .order_by(tables.fills.c.seq)
    .limit(bindparam("most"))
)
_EQUITY = (
    _of(tables.equity, EquityRow)
    .where(tables.equity.c.book.in_(bindparam("books", expanding=True)))
    .where(tables.equity.c.first_batch > bindparam("after"))
    .order_by(tables.equity.c.first_batch, tables.equity.c.book)
    .limit(bindparam("most"))
)
_CHECKPOINT = (
    _of(tables.checkpoints, CheckpointRow)
    .where(tables.checkpoints.c.batch > bindparam("batch"))
    .order_by(tables.checkpoints.c.batch.desc())
    .limit(1)
)


def _newest(kind: type[Any], of_kinds: tuple[str, ...] | None = None) -> Select[Any]:
    table, key = _TABLES[kind]
    query = _of(table, kind).where(table.c[key] > bindparam("after"))
    if of_kinds is not None:
        query = query.where(table.c.kind.in_(of_kinds))
    return query.order_by(table.c[key].desc()).limit(bindparam("most"))


_COMMANDS = _newest(CommandRow)


class Newest(Generic[Numbered]):
    """The newest `most` records of a kind, oldest first; `of_kinds` as in `Ledger.rows`. `rows` stays the same object
    while there are no others."""

    def __init__(self, kind: type[Numbered], most: int, of_kinds: tuple[str, ...] | None = None) -> None:
        self.rows: tuple[Numbered, ...] = ()
        self._kind, self._most, self._query = kind, most, _newest(kind, of_kinds)

    def read(self, connection: Connection, session: str) -> list[Numbered]:
        """Takes in those that have come, and gives them."""
        values = {"session": session, "after": self.last, "most": self._most}
        found = connection.execute(self._query, values)
        came = [self._kind(*row) for row in found][::-1]
        if came:
            self.rows = (*self.rows, *came)[-self._most :]
        return came

    @property
    def last(self) -> int:
        """The number of the newest of them; every record has its number first. Tape entry 0 is the header."""
        return int(self.rows[-1][0]) if self.rows else 0


def last_commands(connection: Connection, session: str, most: int) -> list[CommandRow]:
    """The newest commands, oldest first; what became of each may change."""
    values = {"session": session, "after": 0, "most": most}
    return [CommandRow._make(row) for row in connection.execute(_COMMANDS, values)][::-1]


def last_entry(connection: Connection, session: str) -> int:
    """The number of the newest entry of the tape."""
    return connection.execute(_LAST_ENTRY, {"session": session}).scalar() or 0


def fills_after(connection: Connection, session: str, seq: int, most: int) -> list[FillRow]:
    """The first `most` fills after a number, in order."""
    return [FillRow._make(row) for row in connection.execute(_FILLS, {"session": session, "seq": seq, "most": most})]


def equity_after(
    connection: Connection, session: str, after: Mapping[str, int], most: int
) -> dict[str, list[EquityRow]]:
    """Blocks of the books' equity, in order: of each book those that begin after a batch. `most` of all books together,
    so that the last batch may not be there for all of them."""
    values = {"session": session, "books": list(after), "after": min(after.values()), "most": most}
    found: dict[str, list[EquityRow]] = {}
    for row in map(EquityRow._make, connection.execute(_EQUITY, values)):
        if row.first_batch > after[row.book]:
            found.setdefault(row.book, []).append(row)
    return found


def checkpoint_after(connection: Connection, session: str, batch: int) -> CheckpointRow | None:
    """The newest checkpoint, if it is of a batch after that one."""
    found = connection.execute(_CHECKPOINT, {"session": session, "batch": batch}).first()
    return CheckpointRow._make(found) if found else None


def notes(connection: Connection, session: str) -> tuple[NoteRow, ...]:
    """What was noted of the data so far."""
    return tuple(NoteRow._make(row) for row in connection.execute(_NOTES, {"session": session}))


def session_row(connection: Connection, session: str) -> SessionRow | None:
    """The session's own row; None where it is not there."""
    found = connection.execute(_SESSION, {"session": session}).first()
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
