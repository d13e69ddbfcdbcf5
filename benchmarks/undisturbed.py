"""A session as it ends when nobody disturbs it, and what must hold of a disturbed one beside it."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from papertape.contract.errors import LedgerError
from papertape.ledger.records import FillRow, OrderRow, PluginEventRow, SignalRow
from papertape.ledger.store import Ledger, SessionRow
from papertape.reports.export import write

PAPERTAPE = str(Path(sys.executable).with_name("papertape"))
SESSION = Path(__file__).with_name("stormy") / "session.toml"
WHAT = ("orders", "fills", "signals", "trades", "equity")
NUMBERED: tuple[type[Any], ...] = (SignalRow, OrderRow, FillRow, PluginEventRow)


class Failed(Exception):
    """What should not have happened."""


@dataclass(frozen=True)
class Undisturbed:
    """The session as it ends when nobody disturbs it: its records by kind and number, the digest of every batch, what
    is exported, how long the process took, and how long of that it worked."""

    digest: str
    records: dict[type[Any], dict[int, Any]]
    digests: dict[int, str]
    exported: dict[str, str]
    seconds: float
    working: float


def records_of(ledger: Ledger, session: str) -> dict[type[Any], dict[int, Any]]:
    """A session's numbered records, by kind and number."""
    return {kind: {row.seq: row for row in ledger.rows(session, kind)} for kind in NUMBERED}


def exported(ledger: Ledger, session: str) -> dict[str, str]:
    """All records as `sessions export` writes them."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for what in WHAT:
            file = Path(folder) / what
            write(ledger, session, what, "jsonl", str(file))
            # Blocks of the equity curve lie in the order of books and checkpoints: the same lines, sorted.
            found[what] = "".join(sorted(file.read_text().splitlines(keepends=True)))
    return found


@contextmanager
def opened(db: str) -> Iterator[Ledger | None]:
    """The ledger, or None where the end came before its first table."""
    try:
        ledger = Ledger.open(db)
    except LedgerError as error:
        if "there is no ledger" not in str(error):
            raise Failed(str(error)) from error
        yield None
        return
    with ledger:
        yield ledger


def wait_for_release(ledger: Ledger, session: str) -> None:
    """A server needs a moment to notice that its client is dead."""
    for _ in range(6_000):
        if not ledger.is_owned(session):
            return
        time.sleep(0.01)
    raise Failed(f"session {session} is still owned a minute after its host died")


def check_kept(db: str, ledger: Ledger, session: SessionRow, whole: Undisturbed) -> int:
    """That what a disturbed session has left is whole, and equal up to its newest checkpoint; gives its batch."""
    check_database(ledger)
    kept = ledger.checkpoint(session.id)
    if kept is None:
        raise Failed(f"{db}: session {session.id} has no checkpoint")
    if kept.batch >= 0 and kept.digest != whole.digests[kept.batch]:
        raise Failed(f"{db}: the digest after batch {kept.batch} is another")
    unchanging: tuple[type[Any], ...] = (SignalRow, FillRow, PluginEventRow)
    for kind in unchanging:
        here = {row.seq: row for row in ledger.rows(session.id, kind)}
        there = {seq: row for seq, row in whole.records[kind].items() if seq <= kept.seq}
        if [row[:-1] for row in here.values()] != [row[:-1] for row in there.values()]:  # without traceback and note
            raise Failed(f"{db}: {kind.__name__} up to number {kept.seq} are not those of the undisturbed session")
    orders = {row.seq for row in ledger.rows(session.id, OrderRow)}
    if orders != {seq for seq in whole.records[OrderRow] if seq <= kept.seq}:
        raise Failed(f"{db}: an order up to number {kept.seq} is lost or doubled")
    return kept.batch


def check_database(ledger: Ledger) -> None:
    """SQLite's own checks; PostgreSQL has checksums of its own."""
    if ledger.database.file is not None:
        with ledger.database.read() as connection:
            said = connection.execute(text("PRAGMA integrity_check")).scalar()
            orphans = connection.execute(text("PRAGMA foreign_key_check")).first()
        if said != "ok" or orphans:
            raise Failed(f"the database is damaged: {said} {orphans}")


def check_end(db: str, ledger: Ledger, session: SessionRow, whole: Undisturbed) -> None:
    """That a session which has finished is the undisturbed one."""
    check_database(ledger)
    if session.status != "finished" or session.digest != whole.digest:
        raise Failed(f"{db}: session {session.id} ended {session.status} with {session.digest}, not {whole.digest}")
    for what, rows in exported(ledger, session.id).items():
        if rows != whole.exported[what]:
            raise Failed(f"{db}: the {what} of session {session.id} are not those of the undisturbed session")


def verify(db: str, session: str) -> None:
    done = subprocess.run([PAPERTAPE, "sessions", "verify", session, "--db", db], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{db}: session {session} does not verify: {done.stderr}")
