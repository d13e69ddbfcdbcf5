"""Where a ledger is: database URLs, what they stand for, and how they are shown."""

import re
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from papertape.contract.errors import ConfigError

_FILE = "sqlite:///"
_CURE = "sqlite:///FILE.db or postgresql://USER@HOST/NAME would do"


def default_url(home: Path) -> str:
    """The ledger in the folder of everything that papertape keeps: an SQLite file."""
    return f"{_FILE}{home / 'ledger.db'}"


def masked(url: str) -> str:
    """The URL as it may be shown: every password is ***, even where the rest makes no sense.

    >>> masked("postgresql://ann:se/cr@et@db.example/paper?sslpassword=hidden")
    'postgresql://ann:***@db.example/paper?sslpassword=***'
    """
    without_user = re.sub(r"(://[^:@/]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&][^=&]*pass[^=&]*=)[^&]*", r"\1***", without_user)


def parsed(url: str) -> URL:
    """The URL with the driver that papertape uses. Raises ConfigError unless it names an SQLite file or PostgreSQL.

    What follows sqlite:/// is the file's path as it stands: no % or ? in it means anything else.
    """
    if url.startswith("sqlite:"):
        path = url.removeprefix(_FILE)
        if path in ("", ":memory:", url):
            raise ConfigError(f"--db {url}: a ledger outlives its host, so it needs a file: {_FILE}FILE.db")
        return URL.create("sqlite", database=path)
    try:
        found = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigError(f"--db {masked(url)} is not a database URL: {_CURE}") from error
    if found.drivername not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise ConfigError(f"--db {masked(url)}: papertape does not know {found.drivername}; {_CURE}")
    return found.set(drivername="postgresql+psycopg")


def file_of(url: URL) -> Path | None:
    """The SQLite file, links resolved, so that one file has one name; None for PostgreSQL."""
    return Path(url.database).resolve() if url.drivername == "sqlite" and url.database else None
