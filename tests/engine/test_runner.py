"""The runner: however often it commits, however fast it goes and wherever it writes, the session is the same."""

from decimal import Decimal
from pathlib import Path

import pytest
from tests.engine.hosted import checkpoints, kept, of_files, run, stormy, verified

from papertape.contract.errors import BadRow, LedgerError
from papertape.engine.config import SessionConfig, read_config
from papertape.ledger.records import Effects


def test_the_same_session_does_the_same_again(sqlite_url: str) -> None:
    run(sqlite_url, stormy())
    run(sqlite_url, stormy(), name="again")
    assert kept(sqlite_url).fills
    assert kept(sqlite_url).same_as(kept(sqlite_url, "again"))


def test_another_seed_does_something_else(sqlite_url: str) -> None:
    run(sqlite_url, stormy(40))
    run(sqlite_url, read_config({"seed": 8}, stormy(40)), name="other")
    assert kept(sqlite_url).session.digest != kept(sqlite_url, "other").session.digest


@pytest.mark.parametrize("every", [1, 64, None])
def test_how_often_it_commits_changes_nothing(sqlite_url: str, every: int | None) -> None:
    run(sqlite_url, stormy(100), every=11)
    run(sqlite_url, stormy(100), every=every, name="other")
    assert kept(sqlite_url).same_as(kept(sqlite_url, "other"))


def test_the_database_changes_nothing(sqlite_url: str, postgres_url: str) -> None:
    for url in (sqlite_url, postgres_url):
        run(url, stormy(100))
    assert kept(sqlite_url).same_as(kept(postgres_url))


def test_the_pace_changes_nothing(sqlite_url: str) -> None:
    run(sqlite_url, stormy(60))
    run(sqlite_url, stormy(60), speed=100_000.0, name="paced")
    assert kept(sqlite_url).same_as(kept(sqlite_url, "paced"))
    assert len(checkpoints(sqlite_url, "paced")) == 81, "a paced session commits every batch, and its start"


def test_a_paced_session_can_be_told_and_stopped_while_it_waits(sqlite_url: str) -> None:
    """At real time the next batch is a minute away; a stop does not wait for it."""
    ended = run(sqlite_url, stormy(60), speed=1.0, tell={-19: {"command": "stop"}})
    assert ended.status == "stopped"
    assert kept(sqlite_url).session.snapshots == 0
    run(sqlite_url)
    run(sqlite_url, stormy(60), name="whole")
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))


def test_it_ends_after_so_many_batches_not_counting_the_warm_up(sqlite_url: str) -> None:
    assert run(sqlite_url, stormy(33)).status == "finished"
    session = kept(sqlite_url).session
    assert (session.status, session.snapshots, session.bars) == ("finished", 33, 99)
    assert {len(curve) for curve in kept(sqlite_url).curves.values()} == {33}


def candles(folder: Path, *rows: str) -> SessionConfig:
    file = folder / "made_BTC-USDT_1m.csv"
    usual = [f"{60_000 * k},100,{101 + k % 7},99,{100 + k % 2},10" for k in range(40)]
    file.write_text("ts,open,high,low,close,volume\n" + "\n".join([*usual, *rows]))
    return read_config({"feed": {"kind": "replay", "sources": [str(file)]}, "strategies": ["ema-cross:fast=2,slow=5"]})


@pytest.mark.parametrize("row", ["nan,1,1,1,1", "inf,1,1,1,1", "1,1,1,0,1", "1,1,-1,1,1", "1,1,2,1,1", "1,1,1,1,-1"])
def test_a_bad_row_ends_the_session_before_it_with_all_that_came_before_kept(
    sqlite_url: str, tmp_path: Path, row: str
) -> None:
    ended = run(sqlite_url, candles(tmp_path, f"2400000,{row}", "2460000,100,101,99,100,1"))
    assert ended.status == "failed" and isinstance(ended.error, BadRow)
    assert "made_BTC-USDT_1m.csv" in str(ended.error) and "row 41" in str(ended.error)
    found = kept(sqlite_url)
    assert (found.session.status, found.session.snapshots, found.session.error) == ("failed", 40, str(ended.error))
    assert found.fills and verified(sqlite_url).equal
    again = run(sqlite_url)
    assert str(again.error) == str(ended.error), "the file is as it was"


def test_a_commit_that_fails_leaves_the_session_at_the_one_before(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from papertape.ledger.writer import SessionWriter

    run(sqlite_url, stormy(60), name="whole")
    commit, commits = SessionWriter.commit, [0]

    def failing(self: SessionWriter, effects: Effects, *rest: object) -> None:
        commits[0] += 1
        if commits[0] == 4:
            raise LedgerError("the disk is full")
        commit(self, effects, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SessionWriter, "commit", failing)
    with pytest.raises(LedgerError, match="the disk is full"):
        run(sqlite_url, stormy(60))
    assert kept(sqlite_url).session.status == "running", "its host is gone; what it did is there"
    monkeypatch.undo()
    run(sqlite_url)
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))


def test_every_book_starts_with_the_cash_and_keeps_its_own_account(sqlite_url: str, tmp_path: Path) -> None:
    buying = tmp_path / "buying.py"
    buying.write_text(
        "from papertape import Signal\ndef generate_signal(data, config, state): return Signal('BTC/USDT', 'buy')\n"
    )
    idle = tmp_path / "idle.py"
    idle.write_text("def generate_signal(data, config, state): return None\n")
    run(sqlite_url, of_files(buying, idle, cash="500"))
    curves = kept(sqlite_url).curves
    assert {equity for _, equity, _ in curves["idle"]} == {500.0}
    assert curves["buying"][0][1] == 500.0 and curves["buying"][-1][1] != 500.0
    assert all(fill.cash >= Decimal(0) for fill in kept(sqlite_url).fills)
