"""The ledger of many sessions: made, found, read, told what to do."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update

from papertape.contract.errors import LedgerError, UnknownSession
from papertape.ledger import records, tables
from papertape.ledger.database import PATIENCE, Database, open_database
from papertape.ledger.ownership import is_held, take
from papertape.ledger.records import CheckpointRow, Effects, EquityRow
from papertape.ledger.writer import SessionWriter


class SessionRow(NamedTuple):
    """A session. Times in ms UTC; `first_ts`, `last_ts`: open times of its candles so far; `seconds` as in the summary.

    `status`: running, stopped, finished or failed (`error` says why). `config`, `symbols`, `code` (versions and hashes
    of the plugins) and `summary` (the closing document) are JSON. `epoch` counts its hosts.
    """

    id: str
    created_at: int
    status: str
    epoch: int
    config: str
    feed: str
    symbols: str
    timeframe: str
    seed: int
    first_ts: int | None = None
    last_ts: int | None = None
    bars: int = 0
    snapshots: int = 0
    seconds: float = 0.0
    digest: str = ""
    summary: str | None = None
    error: str | None = None
    code: str = "{}"


class CommandRow(NamedTuple):
    """What an operator asks of a session's host. `command` is JSON; `applied_batch`: None until the host has obeyed."""

    id: int
    issued_at: int
    command: str
    applied_batch: int | None


Row = TypeVar("Row", bound=tuple[Any, ...])

_TABLES: dict[type[tuple[Any, ...]], Table] = {
    records.SignalRow: tables.signals,
    records.OrderRow: tables.orders,
    records.FillRow: tables.fills,
    records.FundingRow: tables.funding,
    records.PluginEventRow: tables.plugin_events,
    records.TapeRow: tables.tape,
    records.EquityRow: tables.equity,
    records.NoteRow: tables.notes,
    records.PredictionRow: tables.predictions,
    records.CheckpointRow: tables.checkpoints,
    CommandRow: tables.commands,
}

_AT_A_TIME: dict[type[tuple[Any, ...]], int] = {records.EquityRow: 4}
"""Rows to fetch at a time, where one alone is large."""


class Ledger:
    """A ledger. Anyone may read it at any time; a session's rows are written by the one host that owns it.

    Every method raises LedgerError, in plain words, where the database fails.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, url: str, *, create: bool = False, patience: float = PATIENCE) -> Self:
        """The ledger at a URL; with `create` it is made where there is none. Raises as `open_database`."""
        return cls(open_database(url, create=create, patience=patience))

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create(self, row: SessionRow, effects: Effects) -> SessionWriter:
        """A new session with its first rows, in one transaction; the caller is its owner.

        Raises LedgerError if the id is taken, SessionOwned if its host is at work.
        """
        release = take(self.database, row.id)
        try:
            first = effects.checkpoint and effects.checkpoint.batch
            writer = SessionWriter(self.database, row.id, row.epoch, first, release)
            with self.database.write() as connection:
                if _exists(connection, row.id):
                    raise LedgerError(
                        f"the ledger {self.database.name} already has a session {row.id}: choose another id"
                    )
                connection.execute(insert(tables.sessions).values(row._asdict()))
                writer.add(connection, effects)
            return writer
        except BaseException:
            release()
            raise

    def own(self, session: str) -> SessionWriter:
        """Makes the caller the owner of a session (its full id), as of a new epoch.

        Raises SessionOwned if another host has it, UnknownSession if there is none.
        """
        release = take(self.database, session)
        try:
            one = tables.sessions.c.id == session
            with self.database.write() as connection:
                connection.execute(update(tables.sessions).where(one).values(epoch=tables.sessions.c.epoch + 1))
                epoch = connection.execute(select(tables.sessions.c.epoch).where(one)).scalar()
                newest = select(func.max(tables.checkpoints.c.batch)).where(tables.checkpoints.c.session == session)
                checkpoint = connection.execute(newest).scalar()
            if epoch is None:
                raise self._unknown(session)
            return SessionWriter(self.database, session, epoch, checkpoint, release)
        except BaseException:
            release()
            raise

    def is_owned(self, session: str) -> bool:
        """True while a living host owns the session, on this machine or (PostgreSQL) any."""
        return is_held(self.database, session)

    def sessions(self) -> list[SessionRow]:
        """All sessions, the newest first."""
        query = select(tables.sessions).order_by(tables.sessions.c.created_at.desc(), tables.sessions.c.id)
        with self.database.read() as connection:
            return [SessionRow._make(row) for row in connection.execute(query)]

    def find(self, start: str) -> SessionRow:
        """The session of that id, or the only one whose id starts so. Raises UnknownSession."""
        with self.database.read() as connection:
            ids = connection.execute(select(tables.sessions.c.id)).scalars().all()
            matching = [start] if start in ids else [found for found in ids if start and found.startswith(start)]
            if len(matching) == 1:
                query = select(tables.sessions).where(tables.sessions.c.id == matching[0])
                return SessionRow._make(connection.execute(query).one())
        if matching:
            raise UnknownSession(f"{start} could be any of {_some(matching)}: give more of the id")
        raise self._unknown(start)

    def rows(
        self,
        session: str,
        kind: type[Row],
        *,
        from_batch: int | None = None,
        from_seq: int | None = None,
        from_number: int | None = None,
        of_kinds: Sequence[str] | None = None,
    ) -> Iterator[Row]:
        """The session's records of a kind in the order of their keys, as of the first one taken, streaming.

        `from_batch`, `from_seq`, `from_number`: only those at or after it, `of_kinds`: only those whose own `kind` is
        one of these, where the records have such a column. Of checkpoints only the newest and anchors have a state.
        """
        table = _TABLES[kind]
        columns = [column for column in table.c if column.name != "session"]
        query = select(*columns).where(table.c.session == session).order_by(*table.primary_key)
        if from_batch is not None:
            query = query.where(table.c.batch >= from_batch)
        if from_seq is not None:
            query = query.where(table.c.seq >= from_seq)
        if from_number is not None:
            query = query.where(table.c.number >= from_number)
        if of_kinds is not None:
            query = query.where(table.c.kind.in_(of_kinds))
        with (
            self.database.read() as connection,
            connection.execution_options(yield_per=_AT_A_TIME.get(kind, 2000)).execute(
                query
            ) as found,  # closed also where nobody reads on
        ):
            for row in found:
                yield kind(*row)

    def marks(self, session: str, first_batch: int) -> dict[str, EquityRow]:
        """The blocks of equity and exposure that begin with a batch, by book."""
        table = tables.equity
        columns = [table.c[name] for name in EquityRow._fields]
        query = select(*columns).where(table.c.session == session, table.c.first_batch == first_batch)
        with self.database.read() as connection:
            return {row.book: EquityRow._make(row) for row in connection.execute(query)}

    def next_entry(self, session: str) -> int:
        """The number that the session's next tape entry gets."""
        newest = select(func.max(tables.tape.c.number)).where(tables.tape.c.session == session)
        with self.database.read() as connection:
            return int(connection.execute(newest).scalar_one_or_none() or 0) + 1

    def checkpoint(self, session: str) -> CheckpointRow | None:
        """The newest checkpoint, where the session can go on; None if it has none yet."""
        table = tables.checkpoints
        columns = [table.c[name] for name in CheckpointRow._fields]
        query = select(*columns).where(table.c.session == session).order_by(table.c.batch.desc()).limit(1)
        with self.database.read() as connection:
            found = connection.execute(query).first()
        return CheckpointRow._make(found) if found else None

    def post(self, session: str, command: str, at: int) -> int:
        """Leaves a command (JSON) for the session's host, issued at a time in ms UTC; returns its id in the session.

        Raises UnknownSession.
        """
        inbox = tables.commands
        with self.database.write() as connection:
            if not _exists(connection, session):
                raise self._unknown(session)
            newest = connection.execute(select(func.max(inbox.c.id)).where(inbox.c.session == session)).scalar()
            row = CommandRow(id=(newest or 0) + 1, issued_at=at, command=command, applied_batch=None)
            connection.execute(insert(inbox).values(session=session, **row._asdict()))
        return row.id

    def pending(self, session: str) -> list[CommandRow]:
        """The commands that the session's host has not obeyed yet, oldest first."""
        with self.database.read() as connection:
            return [CommandRow._make(row) for row in connection.execute(_PENDING, {"of": session})]

    def _unknown(self, session: str) -> UnknownSession:
        newest = [row.id for row in self.sessions()]
        near = get_close_matches(session, newest, n=3, cutoff=0.5)
        hint = f"did you mean {_some(near)}?" if near else f"it has {_some(newest)}" if newest else "it has none yet"
        return UnknownSession(f"no session {session!r} is in the ledger {self.database.name}; {hint}")


_PENDING = (
    select(*(tables.commands.c[name] for name in CommandRow._fields))
    .where(tables.commands.c.session == bindparam("of"), tables.commands.c.applied_batch.is_(None))
    .order_by(tables.commands.c.id)
)
"""Made once: a live session asks after every batch, and to make it takes longer than to run it."""


def _exists(connection: Connection, session: str) -> bool:
    """Also holds the session's row, so that two who number its commands take turns."""
    query = select(tables.sessions.c.id).where(tables.sessions.c.id == session).with_for_update()
    return connection.execute(query).first() is not None


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
