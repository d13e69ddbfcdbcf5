"""The one who writes a session: its owner, one transaction at a time."""

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection, bindparam, func, select, update

from papertape.contract.errors import SessionOwned
from papertape.ledger import tables
from papertape.ledger.database import Database
from papertape.ledger.insert import Insert
from papertape.ledger.ownership import Release
from papertape.ledger.records import Effects

ANCHORS: Final = 256
"""States of earlier checkpoints that a session keeps at most; of more, every second one is let go of."""


class SessionWriter:
    """The owner of a session until it is closed. `Ledger.own` and `Ledger.create` make one.

    Ownership is a lock, which dies with its holder, and an epoch, which every commit checks in its own transaction:
    whoever lost the lock without noticing cannot write any more.
    """

    def __init__(self, database: Database, session: str, epoch: int, checkpoint: int | None, release: Release) -> None:
        self.session = session
        self._database = database
        self._epoch = epoch
        self._checkpoint = checkpoint  # the batch of the newest one
        self._anchor = False  # whether that one is to keep its state
        self._anchors: list[int] | None = None  # batches of the earlier ones that have theirs; None: not looked up yet
        self._release = release
        dialect = database.engine.dialect
        self._signals = Insert(tables.signals, dialect)
        self._orders = Insert(tables.orders, dialect, replace=True)
        self._fills = Insert(tables.fills, dialect)
        self._funding = Insert(tables.funding, dialect)
        self._plugin_events = Insert(tables.plugin_events, dialect)
        self._tape = Insert(tables.tape, dialect)
        self._equity = Insert(tables.equity, dialect)
        self._notes = Insert(tables.notes, dialect, replace=True)
        self._predictions = Insert(tables.predictions, dialect, replace=True)
        self._checkpoints = Insert(tables.checkpoints, dialect, replace=True)

    def commit(
        self,
        effects: Effects,
        session_update: Mapping[str, object] | None = None,
        applied: Mapping[int, int] | None = None,
    ) -> None:
        """Adds the effects, updates columns of the session, and marks commands (by id) as applied in a batch: one
        transaction, durable when this returns. If it raises, nothing of it is in the ledger.

        Raises SessionOwned if another host has taken the session over, LedgerError if the database fails.
        """
        with self._database.write() as connection:
            self._assert_ownership(connection, session_update or {})
            self.add(connection, effects)
            if applied:
                self._mark(connection, applied)
        if effects.checkpoint:
            again = effects.checkpoint.batch == self._checkpoint
            self._checkpoint, self._anchor = effects.checkpoint.batch, effects.anchor or (again and self._anchor)

    def add(self, connection: Connection, effects: Effects) -> None:
        """Adds the effects in the caller's transaction."""
        self._tape(connection, self.session, effects.tape)
        self._signals(connection, self.session, effects.signals)
        self._orders(connection, self.session, effects.orders)
        self._fills(connection, self.session, effects.fills)
        self._funding(connection, self.session, effects.funding)
        self._plugin_events(connection, self.session, effects.plugin_events)
        self._equity(connection, self.session, effects.equity)
        self._notes(connection, self.session, effects.notes)
        self._predictions(connection, self.session, effects.predictions)
        if effects.checkpoint:
            self._checkpoints(connection, self.session, [effects.checkpoint])
            self._drop_state(connection, effects.checkpoint.batch)

    def close(self) -> None:
        """Lets go of the session: another host may have it."""
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _assert_ownership(self, connection: Connection, changes: Mapping[str, object]) -> None:
        mine = (tables.sessions.c.id == self.session) & (tables.sessions.c.epoch == self._epoch)
        if connection.execute(update(tables.sessions).where(mine).values(epoch=self._epoch, **changes)).rowcount != 1:
            raise SessionOwned(
                f"session {self.session} was taken over by another host, so nothing more is written to it from here: "
                f"`papertape sessions show {self.session}` says how it goes on"
            )

    def _drop_state(self, connection: Connection, newest: int) -> None:
        """Only the newest checkpoint is ever resumed; the digests of the others are what `verify` goes by, and the
        states of anchors are where a fold for a question about their time begins."""
        former = self._checkpoint
        if former is None or former == newest:
            return
        row = tables.checkpoints.c
        mine = row.session == self.session
        gone = [former]
        if self._anchor:
            if self._anchors is None:
                held = mine & (row.batch < former) & (func.length(row.state) > 0)
                self._anchors = list(connection.execute(select(row.batch).where(held).order_by(row.batch)).scalars())
            self._anchors.append(former)
            gone = self._anchors[::2] if len(self._anchors) > ANCHORS else []
            self._anchors = [batch for batch in self._anchors if batch not in gone]
        if gone:
            connection.execute(update(tables.checkpoints).where(mine & row.batch.in_(gone)).values(state=b""))

    def _mark(self, connection: Connection, applied: Mapping[int, int]) -> None:
        inbox = tables.commands.c
        one = (inbox.session == self.session) & (inbox.id == bindparam("command_id"))
        connection.execute(
            update(tables.commands).where(one).values(applied_batch=bindparam("in_batch")),
            [{"command_id": command, "in_batch": batch} for command, batch in applied.items()],
        )
