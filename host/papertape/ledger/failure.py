"""What a database says when it fails, in plain words with what would do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from papertape.contract.errors import LedgerError

# A part of the database's message, what that means, what would do.
_MEANINGS = (
    ("is locked", "is locked by another program", "close whatever else has it open, then try again"),
    ("lock timeout", "is locked by another program", "close whatever else has it open, then try again"),
    ("disk is full", "has no space left to grow", "free some space, then resume"),
    ("disk i/o error", "could not be read or written: the disk failed or is full", "check it, then resume"),
    ("readonly database", "is read-only", "make the file and its folder writable, or name another with --db"),
    ("unable to open database file", "cannot be opened", "check that its folder exists and may be read and written"),
    ("file is not a database", "is not a database file", "name another with --db"),
    ("malformed", "is damaged", "go on with a backup (`papertape db backup` makes them)"),
    ("no space left on device", "has no space left to grow", "free some space on its server, then resume"),
    ("permission denied", "may not be used by this user", "grant the rights, or name another with --db"),
    ("violates", "already holds other rows in that place", "`papertape sessions verify` finds the first difference"),
    (
        "constraint failed",
        "already holds other rows in that place",
        "`papertape sessions verify` finds the first difference",
    ),
    ("connection", "does not answer", "check that the server runs and that --db names it"),
)


def in_plain_words(name: str, error: Exception) -> LedgerError:
    """The LedgerError for what the driver raised on the ledger that is shown as `name`."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip() or type(error).__name__
    first = said.splitlines()[0]
    for part, meaning, cure in _MEANINGS:
        if part in said.lower():
            return LedgerError(f"the ledger {name} {meaning} ({first}); {cure}")
    return LedgerError(f"the ledger {name} failed: {first}")


@contextmanager
def plain_failures(name: str) -> Iterator[None]:
    """Raises LedgerError for every failure of the database inside."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise in_plain_words(name, error) from error
