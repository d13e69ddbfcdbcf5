"""The schema's history: up, down, equal to the models, and never half-done, on both databases."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, Table, inspect, text
from tests.ledger.rows import session_row

from papertape.contract.errors import LedgerError
from papertape.ledger import migrate, tables
from papertape.ledger.database import HEAD, Database, connect, open_database, revision
from papertape.ledger.records import Effects, TapeRow
from papertape.ledger.store import Ledger

ROOT = Path(__file__).parents[2]
ROWS = 10_000

NEXT_MIGRATION = """
import os
import signal

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade():
    op.create_table("extras", sa.Column("id", sa.Integer, primary_key=True))
    with op.batch_alter_table("sessions", recreate=RECREATE) as sessions:
        sessions.add_column(sa.Column("owner", sa.Text))
    END


def downgrade():
    with op.batch_alter_table("sessions", recreate=RECREATE) as sessions:
        sessions.drop_column("owner")
    op.drop_table("extras")
"""

UPGRADE = """
import sys
from pathlib import Path
from papertape.ledger.database import connect
from papertape.ledger.migrate import upgrade
upgrade(connect(sys.argv[1]), scripts=Path(sys.argv[2]))
"""


@pytest.fixture
def database(ledger_url: str) -> Iterator[Database]:
    opened = connect(ledger_url, create=True)
    yield opened
    opened.close()


def scripts_with_a_next(database: Database, folder: Path, end: str = "pass") -> Path:
    """The migrations and one more, which makes a table, rebuilds the parent of all others, and ends as said."""
    scripts = folder / "scripts"
    shutil.copytree(migrate.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    recreate = repr("always" if database.file else "never")
    (scripts / "versions" / "0005_next.py").write_text(NEXT_MIGRATION.replace("RECREATE", recreate).replace("END", end))
    return scripts


def fill(url: str) -> None:
    """Makes a ledger of one session with 10,000 rows."""
    with Ledger.open(url, create=True) as ledger:
        ledger.create(session_row("a"), Effects(tape=[TapeRow(n, n, n, "batch", "{}") for n in range(ROWS)])).close()


def tape_rows(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM tape")).scalar_one())


def test_the_migrations_end_at_the_revision_that_the_code_expects() -> None:
    assert migrate.newest() == HEAD


def test_the_migrations_make_the_tables_of_the_models(database: Database) -> None:
    migrate.upgrade(database)
    assert migrate.differences(database) == []


def test_a_table_that_only_the_models_have_is_a_difference(database: Database) -> None:
    migrate.upgrade(database)
    extra = Table("extra", tables.metadata, Column("id", Integer, primary_key=True))
    try:
        assert "extra" in str(migrate.differences(database))
    finally:
        tables.metadata.remove(extra)


def test_a_column_of_another_type_is_a_difference(database: Database) -> None:
    migrate.upgrade(database)
    with database.write() as connection:
        connection.execute(text("ALTER TABLE commands DROP COLUMN issued_at"))
        connection.execute(text("ALTER TABLE commands ADD COLUMN issued_at TEXT DEFAULT '' NOT NULL"))
    assert "issued_at" in str(migrate.differences(database))


def test_down_to_nothing_and_up_again(database: Database) -> None:
    migrate.upgrade(database)
    migrate.downgrade(database, "base")
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) & set(tables.metadata.tables) == set()
    assert revision(database) is None
    migrate.upgrade(database)
    assert revision(database) == HEAD
    assert migrate.differences(database) == []


def test_a_ledger_of_the_first_schema_goes_up_and_back_with_its_rows(database: Database, ledger_url: str) -> None:
    fill(ledger_url)
    migrate.downgrade(database, "0001")
    assert (revision(database), tape_rows(database)) == ("0001", ROWS)
    with database.read() as connection:
        assert "funding" not in inspect(connection).get_table_names()
    migrate.upgrade(database)
    assert (revision(database), tape_rows(database), migrate.differences(database)) == (HEAD, ROWS, [])


def test_upgrading_twice_changes_nothing(database: Database, ledger_url: str) -> None:
    fill(ledger_url)
    migrate.upgrade(database)
    assert tape_rows(database) == ROWS


def test_rebuilding_a_parent_table_keeps_its_childrens_rows(
    database: Database, ledger_url: str, tmp_path: Path
) -> None:
    fill(ledger_url)
    scripts = scripts_with_a_next(database, tmp_path)
    migrate.upgrade(database, scripts=scripts)
    assert (revision(database), tape_rows(database)) == ("0005", ROWS)
    migrate.downgrade(database, HEAD, scripts=scripts)
    assert (revision(database), tape_rows(database)) == (HEAD, ROWS)
    assert migrate.differences(database) == []
    with pytest.raises(LedgerError), database.write() as connection:  # foreign keys hold again
        connection.execute(text("DELETE FROM sessions"))


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "1 / 0"])
def test_a_migration_that_dies_half_way_leaves_the_ledger_as_it_was(
    database: Database, ledger_url: str, tmp_path: Path, end: str
) -> None:
    fill(ledger_url)
    scripts = scripts_with_a_next(database, tmp_path, end)
    died = subprocess.run([sys.executable, "-c", UPGRADE, ledger_url, str(scripts)], capture_output=True, text=True)
    assert died.returncode == (-9 if "kill" in end else 1)
    assert (revision(database), tape_rows(database)) == (HEAD, ROWS)
    assert migrate.differences(database) == []
    with database.read() as connection:
        assert "extras" not in inspect(connection).get_table_names()


def test_a_migration_that_orphans_rows_is_undone(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url)
    database = connect(sqlite_url)
    scripts = scripts_with_a_next(database, tmp_path, 'op.execute("DELETE FROM sessions")')
    with pytest.raises(LedgerError, match=f"{ROWS} rows lost their session"):
        migrate.upgrade(database, scripts=scripts)
    assert (revision(database), tape_rows(database)) == (HEAD, ROWS)
    database.close()


def test_a_path_with_a_percent_sign_is_only_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "50%(here)s"
    folder.mkdir()
    database = connect(f"sqlite:///{folder / '100%.db'}", create=True)
    migrate.upgrade(database, scripts=scripts_with_a_next(database, folder))
    assert revision(database) == "0005"
    database.close()


def test_two_who_open_a_new_ledger_at_once_both_get_it(ledger_url: str) -> None:
    code = f"from papertape.ledger.database import *; print(revision(open_database({ledger_url!r}, create=True)))"
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in both] == [f"{HEAD}\n"] * 3
    open_database(ledger_url).close()
