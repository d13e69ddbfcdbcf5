"""The ledger's schema over time: alembic without an ini file, a working directory, or a URL in a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from papertape.contract.errors import LedgerError, SchemaOutOfDate
from papertape.ledger.database import VERSION_TABLE, Database
from papertape.ledger.failure import plain_failures
from papertape.ledger.tables import metadata

SCRIPTS = Path(str(files("papertape_migrations")))


def upgrade(database: Database, to: str = "head", *, scripts: Path = SCRIPTS) -> None:
    """Brings the schema to a revision, making it where there is none: all of it, or (whatever stops it) nothing.

    Raises SchemaOutOfDate if the database is at a revision that these migrations do not have.
    """
    with _exclusive(database) as connection:
        try:
            command.upgrade(_config(scripts, connection), to)
        except CommandError as error:
            raise SchemaOutOfDate(
                f"the ledger {database.name} is at a schema that this papertape does not know ({error}): "
                "run `pip install --upgrade papertape`"
            ) from error


def downgrade(database: Database, to: str, *, scripts: Path = SCRIPTS) -> None:
    """Brings the schema back to a revision ("base": no tables); what the older one has no place for is lost."""
    with _exclusive(database) as connection:
        command.downgrade(_config(scripts, connection), to)


def newest(scripts: Path = SCRIPTS) -> str:
    """The revision that the migrations end at."""
    return str(ScriptDirectory.from_config(_config(scripts)).get_current_head())


def differences(database: Database) -> list[str]:
    """What the database's tables lack or have too much, in alembic's words; empty when they are the models'."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts=options())
        return [str(change) for change in compare_metadata(context, metadata)]


def options() -> dict[str, Any]:
    """How alembic looks at a ledger; the migrations' env.py uses the same."""
    return {
        "target_metadata": metadata,
        "version_table": VERSION_TABLE,
        "render_as_batch": True,
        "transactional_ddl": True,
        "compare_type": True,
        "include_name": lambda name, kind, parents: kind != "table" or name in metadata.tables,
    }


def _config(scripts: Path, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _exclusive(database: Database) -> Iterator[Connection]:
    """One transaction that nobody else migrates beside."""
    if database.file is None:
        with database.write() as connection:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('papertape migrations'))")
            yield connection
        return
    # Rebuilding a parent table with foreign keys on would empty its children; SQLite lets them be turned off only
    # outside a transaction, so they are checked before the end of this one.
    with plain_failures(database.name), database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.execution_options(papertape_writes=True).begin():
                yield connection
                if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                    raise LedgerError(
                        f"the migration of {database.name} was undone: {len(broken)} rows lost their session"
                    )
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
