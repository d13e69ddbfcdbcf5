"""`papertape db`: upgrade, current, check, backup."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from tests.ledger.rows import effects_of, session_row

from papertape.cli import cli
from papertape.ledger.database import HEAD, VERSION_TABLE, connect
from papertape.ledger.records import FillRow
from papertape.ledger.store import Ledger


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["db", *arguments])


def document(*arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def execute(url: str, statement: str) -> None:
    database = connect(url)
    with database.write() as connection:
        connection.execute(text(statement))
    database.close()


def test_upgrade_makes_a_ledger_and_then_leaves_it_alone(ledger_url: str) -> None:
    made = document("upgrade", "--db", ledger_url)
    assert (made["from"], made["to"]) == (None, HEAD)
    assert document("upgrade", "--db", ledger_url)["from"] == HEAD
    assert "at schema 0004 already" in run("upgrade", "--db", ledger_url).stdout


def test_current_says_the_schema_and_the_one_that_is_needed(ledger_url: str) -> None:
    run("upgrade", "--db", ledger_url)
    assert document("current", "--db", ledger_url).items() >= {"revision": HEAD, "head": HEAD, "current": True}.items()
    execute(ledger_url, f"UPDATE {VERSION_TABLE} SET version_num = '0999'")
    assert document("current", "--db", ledger_url)["revision"] == "0999"


def test_upgrading_a_ledger_that_is_newer_than_the_code_is_refused(ledger_url: str) -> None:
    run("upgrade", "--db", ledger_url)
    execute(ledger_url, f"UPDATE {VERSION_TABLE} SET version_num = '0999'")
    done = run("upgrade", "--db", ledger_url)
    assert done.exit_code == 2
    assert "0999" in done.stderr and "pip install --upgrade papertape" in done.stderr


def test_check_finds_a_ledger_in_order(ledger_url: str) -> None:
    run("upgrade", "--db", ledger_url)
    assert document("check", "--db", ledger_url).items() >= {"ok": True, "differences": [], "damages": []}.items()


def test_check_finds_a_table_that_is_not_as_it_should_be(ledger_url: str) -> None:
    run("upgrade", "--db", ledger_url)
    execute(ledger_url, "ALTER TABLE notes DROP COLUMN example")
    done = run("check", "--db", ledger_url)
    assert done.exit_code == 1
    assert "example" in done.stdout


def test_check_finds_rows_without_their_session(sqlite_url: str) -> None:
    run("upgrade", "--db", sqlite_url)
    database = connect(sqlite_url)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # the setting holds outside a transaction only
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("INSERT INTO tape VALUES ('x', 1, 1, 1, '', '')")
    database.close()
    done = run("check", "--db", sqlite_url)
    assert done.exit_code == 1
    assert "belongs to no session" in done.stdout


@pytest.mark.parametrize("command", ["current", "check"])
def test_where_there_is_no_ledger_the_message_says_what_makes_one(sqlite_url: str, command: str) -> None:
    done = run(command, "--db", sqlite_url)
    assert done.exit_code == 2
    assert "`papertape run` makes one" in done.stderr


def test_a_url_that_is_none_is_a_wrong_request() -> None:
    done = run("current", "--db", "postgresql://ann:secret@h:port/d")
    assert done.exit_code == 2
    assert "secret" not in done.output


def test_a_backup_holds_the_same_rows_while_a_session_goes_on(sqlite_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Ledger.open(sqlite_url, create=True) as ledger, ledger.create(session_row("a"), effects_of(1)) as writer:
        made = document("backup", str(copy), "--db", sqlite_url)
        writer.commit(effects_of(2))
    assert made["bytes"] == copy.stat().st_size
    with Ledger.open(f"sqlite:///{copy}") as ledger:
        assert list(ledger.rows("a", FillRow)) == effects_of(1).fills
    assert document("check", "--db", f"sqlite:///{copy}")["ok"]


def test_a_backup_overwrites_nothing(sqlite_url: str, tmp_path: Path) -> None:
    run("upgrade", "--db", sqlite_url)
    (tmp_path / "thesis.txt").write_text("years of work")
    done = run("backup", str(tmp_path / "thesis.txt"), "--db", sqlite_url)
    assert done.exit_code == 2
    assert "there already" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_backup_to_nowhere_is_one_plain_line(sqlite_url: str, tmp_path: Path) -> None:
    run("upgrade", "--db", sqlite_url)
    done = run("backup", str(tmp_path / "no" / "where.db"), "--db", sqlite_url)
    assert done.exit_code == 1
    assert "where.db" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_backup_of_postgresql_names_the_tool_that_makes_one(postgres_url: str, tmp_path: Path) -> None:
    run("upgrade", "--db", postgres_url)
    done = run("backup", str(tmp_path / "copy.db"), "--db", postgres_url)
    assert done.exit_code == 1
    assert "pg_dump" in done.stderr
