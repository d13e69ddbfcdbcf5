"""One host per session: a lock that dies with its holder, beside the SQLite file or in PostgreSQL."""

import fcntl
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from papertape.contract.errors import LedgerError, SessionOwned
from papertape.ledger.database import Database
from papertape.ledger.failure import plain_failures

Release = Callable[[], None]
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def take(database: Database, session: str) -> Release:
    """Locks the session for this process until the returned function is called or the process ends.

    Raises SessionOwned if another host, of this process or any other, has it.
    """
    if database.file is None:
        return _take_advisory(database, session)
    path = _lock_file(database.file, session)
    for _ in range(5):  # `is_held` has it for an instant
        if (held := _lock(path)) is not None:
            break
        time.sleep(0.02)
    else:
        raise _owned(session, _holder(path))
    os.truncate(held, 0)
    os.write(held, str(os.getpid()).encode())

    def release() -> None:
        path.unlink(missing_ok=True)  # while it is still locked: see `_lock`
        os.close(held)

    return release


def is_held(database: Database, session: str) -> bool:
    """True if a living host has the session."""
    if database.file is None:
        with database.read() as connection:
            found = connection.execute(
                text(
                    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                    " AND (classid::bigint << 32 | objid::bigint) = :key"
                ),
                {"key": advisory_key(connection, session)},
            )
            return found.first() is not None
    path = _lock_file(database.file, session)
    if not path.exists():
        return False
    held = _lock(path)
    if held is None:
        return True
    os.close(held)
    return False


def _lock_file(ledger: Path, session: str) -> Path:
    """Beside the ledger; an id that may not stand in a file's name has that of its hash."""
    named = session if _FILE_NAME.fullmatch(session) else sha256(session.encode("utf-8", "surrogatepass")).hexdigest()
    return ledger.with_name(f"{ledger.name}.{named}.lock")


def _lock(path: Path) -> int | None:
    """The open, locked file; None if somebody else has it. A file that its last owner removed meanwhile is no lock."""
    while True:
        try:
            held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LedgerError(
                f"cannot lock the session by {path}: {error.strerror}; make its folder writable"
            ) from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return None
        if path.exists() and os.path.samestat(os.fstat(held), path.stat()):
            return held
        os.close(held)


def _holder(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _take_advisory(database: Database, session: str) -> Release:
    with plain_failures(database.name):
        connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()  # the lock is the connection's: it must not go back to the pool with it
        key = {"key": advisory_key(connection, session)}
        locked = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar()
    if not locked:
        connection.close()
        raise _owned(session, "")

    def release() -> None:
        with suppress(DBAPIError):  # a connection that is lost has lost its lock
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)  # the server notices a close only later
        connection.close()

    return release


def advisory_key(connection: Connection, session: str) -> int:
    """64 bits for a session of the ledger in the connection's schema; locks of other databases are apart anyway."""
    schema = connection.execute(text("SELECT current_schema()")).scalar()
    return int.from_bytes(sha256(f"papertape {schema} {session}".encode()).digest()[:8], signed=True)


def _owned(session: str, process: str) -> SessionOwned:
    owner = f"process {process} on this machine" if process else "another host"
    return SessionOwned(f"session {session} is run by {owner}: `papertape sessions stop {session}` ends it there")
