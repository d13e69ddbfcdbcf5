"""A database that fails: what is said in plain words, and that nothing half-written stays."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text
from tests.ledger.rows import effects_of, session_row

from papertape.contract.errors import LedgerError
from papertape.ledger.records import Effects, TapeRow
from papertape.ledger.store import Ledger

ROOT = Path(__file__).parents[2]
PAYLOAD = "x" * 4000

FILLS_THE_DISK = """
import resource, sys
from papertape.contract.errors import LedgerError
from papertape.ledger.records import Effects, TapeRow
from papertape.ledger.store import Ledger

writer = Ledger.open(sys.argv[1]).own("a")
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
for batch in range(1, 1000):
    try:
        writer.commit(Effects(tape=[TapeRow(batch * 10 + n, batch, 0, "batch", "x" * 4000) for n in range(5)]))
    except LedgerError as error:
        print(batch, error)
        break
"""


def test_a_ledger_that_another_program_locks_is_refused_after_the_wait(sqlite_url: str, tmp_path: Path) -> None:
    with (
        Ledger.open(sqlite_url, create=True, patience=0.05) as ledger,
        ledger.create(session_row("a"), Effects()) as writer,
    ):
        other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match=r"ledger\.db is locked by another program.*try again"):
            writer.commit(effects_of(1))
        other.execute("ROLLBACK")
        other.close()
        writer.commit(effects_of(1))


def test_a_table_that_another_program_locks_is_refused_after_the_wait(postgres_url: str) -> None:
    with Ledger.open(postgres_url, create=True, patience=0.05) as ledger:
        with ledger.create(session_row("a"), Effects()) as writer:
            with ledger.database.engine.begin() as other:
                other.execute(text("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE"))
                with pytest.raises(LedgerError, match="is locked by another program.*try again"):
                    writer.commit(effects_of(1))
            writer.commit(effects_of(1))


def test_a_writer_waits_for_another_to_end_its_transaction(ledger_url: str) -> None:
    with Ledger.open(ledger_url, create=True) as ledger, ledger.create(session_row("a"), Effects()) as writer:
        for batch in range(1, 20):
            ledger.post("a", "{}", batch)
            writer.commit(effects_of(batch))


def test_a_server_that_drops_its_connections_is_said_in_plain_words(postgres_url: str) -> None:
    with Ledger.open(postgres_url, create=True) as ledger, ledger.create(session_row("a"), Effects()) as writer:
        with pytest.raises(LedgerError, match="the ledger postgresql"), ledger.database.write() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid(), 5000)"))
        writer.commit(effects_of(1))  # on a new connection


def test_a_full_database_is_said_in_plain_words_and_goes_on_once_there_is_room(sqlite_url: str) -> None:
    with Ledger.open(sqlite_url, create=True) as ledger, ledger.create(session_row("a"), Effects()) as writer:
        limit = "PRAGMA max_page_count=60"
        with ledger.database.engine.connect() as connection:
            connection.exec_driver_sql(limit)
        event.listen(ledger.database.engine, "connect", lambda connection, record: connection.execute(limit))
        many = Effects(tape=[TapeRow(n, 1, 0, "batch", PAYLOAD) for n in range(100)])
        with pytest.raises(LedgerError, match="has no space left to grow.*free some space, then resume"):
            writer.commit(many)
        assert list(ledger.rows("a", TapeRow)) == []
        writer.commit(effects_of(1))
        assert len(list(ledger.rows("a", TapeRow))) == 1


def test_a_disk_that_takes_no_more_loses_nothing_that_was_committed(sqlite_url: str) -> None:
    with Ledger.open(sqlite_url, create=True) as ledger:
        ledger.create(session_row("a"), Effects()).close()
        done = subprocess.run(
            [sys.executable, "-c", FILLS_THE_DISK, sqlite_url], cwd=ROOT, capture_output=True, text=True, check=True
        )
        batch, message = done.stdout.split(" ", 1)
        assert int(batch) > 1
        assert "the disk failed or is full" in message and "then resume" in message
        kept = [row.batch for row in ledger.rows("a", TapeRow)]
        assert kept == [n for n in range(1, int(batch)) for _ in range(5)]
        with ledger.own("a") as writer, ledger.database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            writer.commit(effects_of(0))


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """A folder to be made read-only; root, who may write anywhere, becomes nobody for the test and itself after it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        if os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_read_only_ledger_can_be_read_and_says_so_when_written_to(nobodys_folder: Path) -> None:
    url = f"sqlite:///{nobodys_folder / 'ledger.db'}"
    with Ledger.open(url, create=True) as ledger:
        ledger.create(session_row("a"), effects_of(1)).close()
        for file in [*nobodys_folder.iterdir(), nobodys_folder]:
            file.chmod(0o555 if file.is_dir() else 0o444)
        if os.getuid() == 0:
            os.seteuid(65534)
        with Ledger.open(url) as reader:
            assert reader.find("a").id == "a"
            with pytest.raises(LedgerError, match=r"ledger\.db is read-only.*make the file and its folder writable"):
                reader.post("a", "{}", 1)
            with pytest.raises(LedgerError, match="make its folder writable"):
                reader.own("a")


def test_a_damaged_file_is_said_to_be_damaged(sqlite_url: str, tmp_path: Path) -> None:
    with Ledger.open(sqlite_url, create=True) as ledger:
        ledger.create(session_row("a"), Effects(tape=[TapeRow(n, 1, 0, "batch", PAYLOAD) for n in range(50)])).close()
    file = tmp_path / "ledger.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    with pytest.raises(LedgerError, match=r"ledger\.db (is damaged|failed)"):
        Ledger.open(sqlite_url).sessions()
