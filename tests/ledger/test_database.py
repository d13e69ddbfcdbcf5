"""Opening a ledger: made on first use, refused with the cure when it is not what this code can use."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from papertape.contract.errors import LedgerError, SchemaOutOfDate
from papertape.ledger.database import HEAD, VERSION_TABLE, open_database, revision


def put_revision(url: str, number: str) -> None:
    database = open_database(url, create=True)
    with database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{number}'"))
    database.close()


def test_a_ledger_is_made_on_first_use_and_found_after_it(ledger_url: str) -> None:
    open_database(ledger_url, create=True).close()
    database = open_database(ledger_url)
    assert revision(database) == HEAD
    database.close()


def test_a_folder_for_it_is_made_as_well(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/new/er/ledger.db", create=True).close()
    assert (tmp_path / "new" / "er" / "ledger.db").is_file()


def test_without_create_a_missing_ledger_is_named_with_what_makes_one(ledger_url: str) -> None:
    with pytest.raises(LedgerError, match=r"no ledger at (sqlite|postgresql).*`papertape run` makes one"):
        open_database(ledger_url)


def test_looking_for_a_missing_ledger_leaves_no_file_behind(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        open_database(sqlite_url)
    assert list(tmp_path.iterdir()) == []


def test_an_older_schema_is_refused_with_the_cure_in_the_message(ledger_url: str) -> None:
    put_revision(ledger_url, "0000")
    for create in (False, True):
        with pytest.raises(SchemaOutOfDate, match="schema 0000.*run `papertape db upgrade`"):
            open_database(ledger_url, create=create)


def test_a_newer_schema_is_refused_with_the_cure_in_the_message(ledger_url: str) -> None:
    put_revision(ledger_url, "0999")
    with pytest.raises(SchemaOutOfDate, match="schema 0999, newer.*pip install --upgrade papertape"):
        open_database(ledger_url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("To whom it may concern: this is no database. " * 50)
    for create in (False, True):
        with pytest.raises(LedgerError, match=r"notes\.txt is not a database file"):
            open_database(f"sqlite:///{tmp_path}/notes.txt", create=create)


@pytest.mark.parametrize("create", [False, True])
def test_a_database_of_somebody_else_is_refused_and_left_alone(sqlite_url: str, tmp_path: Path, create: bool) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(LedgerError, match="somebody else's tables.*recipes"):
        open_database(sqlite_url, create=create)


def test_in_postgresql_other_tables_may_stand_beside_the_ledger(postgres_url: str) -> None:
    from papertape.ledger.database import connect

    database = connect(postgres_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text); CREATE TABLE studies (id int)"))
    database.close()
    open_database(postgres_url, create=True).close()


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    for create in (False, True):
        with pytest.raises(LedgerError, match=str(tmp_path)):
            open_database(f"sqlite:///{tmp_path}", create=create)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(LedgerError, match="does not answer") as refused:
        open_database("postgresql://ann:secret@127.0.0.1:1/paper", patience=1)
    assert "secret" not in str(refused.value)


def test_without_psycopg_the_message_is_the_line_that_installs_it() -> None:
    code = """
import sys
sys.modules["psycopg"] = None
from papertape.contract.errors import MissingExtra
from papertape.ledger.database import open_database
try:
    open_database("postgresql://h/d")
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'papertape[postgres]'" in done.stdout


def test_opening_a_ledger_that_is_in_order_loads_no_migrations(sqlite_url: str) -> None:
    open_database(sqlite_url, create=True).close()
    code = f"import sys; from papertape.ledger.database import *; open_database({sqlite_url!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "alembic" not in done.stdout.split()


def test_an_sqlite_ledger_is_durable_at_every_commit(sqlite_url: str) -> None:
    database = open_database(sqlite_url, create=True)
    with database.read() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.close()
    assert settings == ["wal", 2, 1]
