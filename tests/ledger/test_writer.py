"""One transaction per commit, all of it or nothing, and only by the session's owner."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.ledger.rows import KINDS, effects_of, session_row

from papertape.contract.errors import InvalidValue, LedgerError, SessionOwned, UnknownSession
from papertape.ledger.database import connect
from papertape.ledger.ownership import advisory_key
from papertape.ledger.records import Effects, FillRow, TapeRow
from papertape.ledger.store import Ledger

ROOT = Path(__file__).parents[2]

KILLED_EVERYWHERE = """
import os, signal, sys
from sqlalchemy import event
from papertape.ledger.records import Effects
from papertape.ledger.store import Ledger
from tests.ledger.rows import effects_of, session_row

def commit_until(statement):
    ledger = Ledger.open(sys.argv[1])
    with ledger.create(session_row(f"s{statement}"), effects_of(1)) as writer:
        left = iter(range(statement))
        def kill(*_):
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
        event.listen(ledger.database.engine, "before_cursor_execute", kill)
        writer.commit(effects_of(2), {"bars": 2})
        event.remove(ledger.database.engine, "before_cursor_execute", kill)

for statement in range(100):
    if not (child := os.fork()):
        commit_until(statement)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        break
print(statement)
"""

OWNER = """
import sys
from papertape.ledger.store import Ledger
writer = Ledger.open(sys.argv[1]).own(sys.argv[2])
print("owned", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger.open(ledger_url, create=True) as opened:
        yield opened


def held(ledger: Ledger, session: str) -> dict[str, int]:
    """How many rows of each kind the session has."""
    return {name: len(list(ledger.rows(session, kind))) for name, kind in KINDS.items()}


def test_a_kill_between_any_two_statements_of_a_commit_leaves_nothing_of_it(ledger: Ledger, ledger_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_EVERYWHERE, ledger_url], cwd=ROOT, capture_output=True, text=True, check=True
    )
    survived = int(done.stdout)
    assert survived > len(KINDS)
    for statement in range(survived):
        session = f"s{statement}"
        assert set(held(ledger, session).values()) == {1}
        assert ledger.checkpoint(session) == effects_of(1).checkpoint
        assert ledger.find(session).bars == 0
    assert ledger.checkpoint(f"s{survived}") == effects_of(2).checkpoint
    assert ledger.find(f"s{survived}").bars == 2


def test_a_killed_session_goes_on_with_its_next_owner(ledger: Ledger, ledger_url: str) -> None:
    ledger.create(session_row("a"), effects_of(1)).close()
    host = subprocess.Popen(
        [sys.executable, "-c", OWNER, ledger_url, "a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with host:
        assert host.stdout and host.stdout.readline() == "owned\n"
        assert ledger.is_owned("a")
        with pytest.raises(SessionOwned, match="session a is run by"):
            ledger.own("a")
        os.kill(host.pid, signal.SIGKILL)
    with ledger.own("a") as writer:
        writer.commit(effects_of(2))
    assert held(ledger, "a")["tape"] == 2


def test_a_second_owner_is_refused_until_the_first_lets_go(ledger: Ledger) -> None:
    with ledger.create(session_row("a"), Effects()):
        with pytest.raises(SessionOwned, match="papertape sessions stop a"):
            ledger.own("a")
        assert ledger.is_owned("a")
        ledger.create(session_row("b"), Effects()).close()  # others are free
    assert not ledger.is_owned("a")
    ledger.own("a").close()


def test_asking_who_owns_a_session_takes_it_from_nobody(ledger: Ledger) -> None:
    ledger.create(session_row("a"), Effects()).close()
    assert not ledger.is_owned("a")
    assert not ledger.is_owned("nobody")
    ledger.own("a").close()


def test_an_owner_that_lost_its_lock_cannot_write_any_more(ledger: Ledger) -> None:
    first = ledger.create(session_row("a"), effects_of(1))
    lose_lock(ledger)
    with ledger.own("a") as second:
        with pytest.raises(SessionOwned, match="taken over"):
            first.commit(effects_of(2))
        assert held(ledger, "a")["tape"] == 1
        second.commit(effects_of(2))
    assert held(ledger, "a")["tape"] == 2
    first.close()


def lose_lock(ledger: Ledger) -> None:
    """Takes the lock away from whoever has it, as an administrator might."""
    if ledger.database.file:
        [lock] = ledger.database.file.parent.glob("*.lock")
        lock.unlink()
    else:
        with ledger.database.read() as connection:
            query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = :low"
            connection.execute(text(query), {"low": advisory_key(connection, "a") & 0xFFFFFFFF})


def test_owning_a_session_that_is_not_there_is_refused(ledger: Ledger) -> None:
    with pytest.raises(UnknownSession, match="'a'"):
        ledger.own("a")
    assert not ledger.is_owned("a")


def test_a_session_ends_with_no_lock_file_beside_the_ledger(sqlite_url: str, tmp_path: Path) -> None:
    with Ledger.open(sqlite_url, create=True) as ledger, ledger.create(session_row("a"), Effects()):
        assert list(tmp_path.glob("*.lock"))
    assert list(tmp_path.glob("*.lock")) == []


def test_a_commit_that_fails_half_way_leaves_nothing(ledger: Ledger) -> None:
    with ledger.create(session_row("a"), effects_of(1)) as writer:
        broken = effects_of(2)
        broken.fills = effects_of(1).fills  # already there
        with pytest.raises(LedgerError, match="already holds other rows"):
            writer.commit(broken, {"bars": 2})
        nonsense = effects_of(2)
        nonsense.fills = [nonsense.fills[0]._replace(price=Decimal("NaN"))]
        with pytest.raises(InvalidValue, match="finite"):
            writer.commit(nonsense, {"bars": 2})
        assert set(held(ledger, "a").values()) == {1}
        assert ledger.find("a").bars == 0
        writer.commit(effects_of(2), {"bars": 2})  # and it can go on
    assert ledger.checkpoint("a") == effects_of(2).checkpoint
    assert len(list(ledger.rows("a", FillRow))) == 2


def test_a_new_session_and_its_first_rows_are_one_transaction(ledger: Ledger) -> None:
    twice = Effects(tape=[TapeRow(0, 0, 0, "header", "{}")] * 2)
    with pytest.raises(LedgerError):
        ledger.create(session_row("a"), twice)
    assert ledger.sessions() == []
    ledger.create(session_row("a"), Effects()).close()


def test_rows_belong_to_a_session_that_is_there(ledger_url: str) -> None:
    with Ledger.open(ledger_url, create=True):
        pass
    database = connect(ledger_url)
    with pytest.raises(LedgerError), database.write() as connection:
        connection.execute(
            text("INSERT INTO tape (session, number, batch, at, kind, payload) VALUES ('x', 1, 1, 1, '', '')")
        )
    database.close()
