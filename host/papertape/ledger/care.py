"""Looking after a ledger: is it whole, and a copy of it that is."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy import text

from papertape.contract.errors import LedgerError, RequestError
from papertape.ledger.database import Database
from papertape.ledger.failure import plain_failures


def damages(database: Database) -> list[str]:
    """What is wrong inside an SQLite file, in SQLite's words; empty for PostgreSQL, which looks after itself."""
    if database.file is None:
        return []
    with database.read() as connection:
        found = [str(line) for line in connection.execute(text("PRAGMA integrity_check")).scalars() if line != "ok"]
        orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
    return found + [f"row {row[1]} of {row[0]} belongs to no session" for row in orphans]


def backup(database: Database, target: Path) -> int:
    """Copies the ledger as it is at one moment, hosts at work or not, to a new file; returns its size in bytes.

    Raises RequestError if the file is there already, LedgerError for PostgreSQL or a copy that fails (none is left).
    """
    if database.file is None:
        raise LedgerError(f"{database.name} is on PostgreSQL: `pg_dump` makes a consistent copy of it")
    if target.exists():
        raise RequestError(f"{target} is there already: name a file that is not")
    partial = target.with_name(f"{target.name}.partial")
    try:
        with plain_failures(str(target)):
            copy = sqlite3.connect(partial)
            try:
                _copy(database, copy)
            finally:
                copy.close()
        partial.rename(target)
        _sync(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(database: Database, copy: sqlite3.Connection) -> None:
    with plain_failures(database.name), database.engine.connect() as connection:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        source.backup(copy)
    if (found := copy.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
        raise LedgerError(f"the copy of {database.name} is damaged ({found}): `papertape db check` says more")


def _sync(folder: Path) -> None:
    """The new name survives a power cut too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
