"""A ledger's database: opened by URL, in order, and safe to write to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError

from papertape.contract.errors import MissingExtra, NoLedger, NoLedgerYet, SchemaOutOfDate
from papertape.ledger.failure import in_plain_words, plain_failures
from papertape.ledger.tables import metadata
from papertape.ledger.url import file_of, masked, parsed

HEAD = "0004"
"""The revision that these tables are; a test holds it equal to the newest migration."""
VERSION_TABLE = "papertape_version"
"""Where a database keeps its revision: a table of our own, because others keep theirs in `alembic_version`."""
_SQLITE = b"SQLite format 3\0"
_ours: set[tuple[int, int]] = set()
"""The SQLite files, by device and number, that this process has or had open."""
PATIENCE = 10.0
"""Seconds to wait for another program's lock or for a server to answer."""


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. `name`: its URL with passwords masked; `file`: of SQLite, None for PostgreSQL.

    Raises LedgerError, in plain words, for every failure of the database inside `read` and `write`.
    """

    engine: Engine
    name: str
    file: Path | None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view, as of its first query."""
        with plain_failures(self.name), self.engine.connect() as connection:
            if self.file is None:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it is durable when the block ends, or none of it ever was."""
        with plain_failures(self.name), self.engine.connect() as connection:
            connection = connection.execution_options(papertape_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str, *, create: bool = False, patience: float = PATIENCE) -> Database:
    """The ledger's database, with the schema of this code; made, with `create`, where there is none yet.

    Raises ConfigError for a URL that is none, MissingExtra without psycopg, SchemaOutOfDate for another revision, and
    NoLedger where nobody answers or something else is there, and NoLedgerYet where there is nothing.
    """
    database = connect(url, create=create, patience=patience)
    try:
        _knock(database)
        found = revision(database)
        if found is None and create:
            from papertape.ledger.migrate import upgrade

            upgrade(database)
        else:
            _check(database, found)
    except BaseException:
        database.close()
        raise
    return database


def connect(url: str, *, create: bool = False, patience: float = PATIENCE) -> Database:
    """The database, whatever is in it. Raises as `open_database`, except for its contents."""
    place = parsed(url)
    file = file_of(place)
    if file is None:
        return Database(_postgres(place, patience), masked(url), None)
    if create:
        _make_folder(file.parent)
    elif not file.is_file():
        raise _no_ledger(masked(url))
    if _is_another(file):
        raise NoLedger(f"the ledger {masked(url)} is not a database file; name another with --db")
    return Database(_sqlite(place, file, patience), masked(url), file)


def revision(database: Database) -> str | None:
    """The database's revision; None where it holds no ledger. Raises NoLedger for somebody else's tables."""
    with database.read() as connection:
        tables = set(inspect(connection).get_table_names())
        if VERSION_TABLE in tables:
            return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    taken = sorted(tables & set(metadata.tables)) if database.file is None else sorted(tables)
    if taken:
        raise NoLedger(
            f"{database.name} is not a ledger of papertape: it holds somebody else's tables ({', '.join(taken[:5])}); "
            "name another with --db"
        )
    return None


def _knock(database: Database) -> None:
    try:
        database.engine.connect().close()
    except DBAPIError as error:
        raise NoLedger(str(in_plain_words(database.name, error))) from error


def _check(database: Database, found: str | None) -> None:
    if found is None:
        raise _no_ledger(database.name)
    if found < HEAD:
        raise SchemaOutOfDate(
            f"the ledger {database.name} has schema {found}, this papertape needs {HEAD}: run `papertape db upgrade`"
        )
    if found > HEAD:
        raise SchemaOutOfDate(
            f"the ledger {database.name} has schema {found}, newer than the {HEAD} that this papertape knows: "
            "run `pip install --upgrade papertape`"
        )


def _is_another(file: Path) -> bool:
    """Whether the file is no database; asked before SQLite is, which takes a very short file for an empty one.

    A file that this process has open as a database is not looked at: to close it would let go of all the locks that
    the process has on it, and another program, taking itself for the last one, would take the log away from under us.
    """
    try:
        if _identity(file) in _ours:
            return False
        with file.open("rb") as opened:
            return opened.read(len(_SQLITE)) not in (b"", _SQLITE)
    except OSError:
        return False  # SQLite will say what is the matter


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


def _no_ledger(name: str) -> NoLedgerYet:
    return NoLedgerYet(
        f"there is no ledger at {name} yet: `papertape run` makes one, and so does `papertape train`; or name another "
        "with --db"
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoLedger(f"cannot make the folder {folder} for the ledger: {error.strerror}") from error


def _sqlite(place: URL, file: Path, patience: float) -> Engine:
    engine = create_engine(place, connect_args={"timeout": patience, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # NORMAL loses acknowledged rows in a power cut
        connection.execute("PRAGMA foreign_keys=ON")
        _ours.add(_identity(file))

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # The driver's own BEGIN leaves schema changes outside the transaction; and one that reads first and then
        # writes is refused at once, without waiting, when another has written in between.
        writes = connection.get_execution_options().get("papertape_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(place: URL, patience: float) -> Engine:
    try:
        import psycopg  # noqa: F401  # to say what is missing before SQLAlchemy does
    except ImportError as error:
        raise MissingExtra("PostgreSQL", "postgres") from error
    # Positional parameters, as SQLite has them: rows go in as tuples on both.
    engine = create_engine(place, paramstyle="format", connect_args={"connect_timeout": max(2, round(patience))})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.execute(f"SET lock_timeout = {round(patience * 1000)}")
        connection.execute("SET synchronous_commit = on")
        connection.commit()

    return engine
