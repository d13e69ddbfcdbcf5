"""Pace and steps: a session that is held, stepped and sped up while it runs does what it does at full pace."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from threading import Thread

import pytest
from tests.engine.hosted import NAME, kept, plugins, run, stormy, verified

from papertape.contract.errors import ConfigError
from papertape.engine.pacing import HELD, Pace, Pacing, pace_word, read_pace
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.engine.tape import PACE, last_pace
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger


@contextmanager
def hosting(ledger: Ledger, pace: Pace) -> Iterator[Runner]:
    """A session that runs beside the test until it ends or is stopped."""
    started = start(ledger, NAME, stormy(60), plugins(), 0)
    runner = Runner(stormy(60), started.built, started.feed, ledger, started.writer, pace=pace)
    host = Thread(target=runner.run)
    host.start()
    try:
        yield runner
    finally:
        runner.stop()
        host.join()
        started.writer.close()


def until(met: Callable[[], object]) -> None:
    for _ in range(1_000):
        if met():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")


def test_a_session_that_is_held_stepped_and_let_go_did_what_it_does_at_full_pace(sqlite_url: str) -> None:
    with Ledger.open(sqlite_url, create=True) as ledger, hosting(ledger, Pace(HELD)) as runner:
        journal = runner.session.journal

        def tell(*words: str) -> None:
            for word in words:
                ledger.post(
                    NAME, '{"command":"step"}' if word == "step" else f'{{"command":"pace","pace":"{word}"}}', 0
                )
            until(lambda: not ledger.pending(NAME))

        assert journal.batch == -1
        tell("step")
        until(lambda: journal.batch == 0)
        tell("step", "step", "step")
        until(lambda: journal.batch == 3)
        time.sleep(0.25)
        assert journal.batch == 3, "held again"
        tell("600000x")
        until(lambda: journal.batch > 10)
        tell("hold")
        held = journal.batch
        tell("nonsense", "step")
        until(lambda: journal.batch == held + 1)
        assert last_pace(ledger, NAME) == "hold"
        tell("max")
        until(lambda: ledger.find(NAME).status == "finished")
        said = [row.payload for row in ledger.rows(NAME, TapeRow, of_kinds=(PACE,))]
        assert len(said) == 1 + 4 + 2 + 1 + 1 and "nonsense" not in "".join(said), "what was refused is not on the tape"
    run(sqlite_url, stormy(60), name="whole")
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))
    assert verified(sqlite_url).equal


def test_a_session_that_was_slow_and_goes_on_at_full_pace_says_so(sqlite_url: str) -> None:
    run(sqlite_url, stormy(40), speed=600_000.0, until=5)
    run(sqlite_url)
    paces = [row for row in kept(sqlite_url).tape if row.kind == PACE]
    assert [row.payload for row in paces] == [
        '{"command":"pace","pace":"600000x"}', '{"command":"pace","pace":"max"}',
    ]  # fmt: skip
    assert paces[0].batch == 0 and paces[1].batch > 5


def test_a_session_at_full_pace_from_start_to_end_has_no_entry_of_it(sqlite_url: str) -> None:
    run(sqlite_url, stormy(10))
    assert not [row for row in kept(sqlite_url).tape if row.kind == PACE]


def test_market_time_runs_on_from_the_batch_after_a_change() -> None:
    pacing = Pacing(60.0)
    assert pacing.wait(60_000, 100.0) == 0.0
    assert pacing.wait(120_000, 100.25) == pytest.approx(0.75)
    pacing.obey({"command": "pace", "pace": "600x"})
    assert pacing.wait(120_000, 100.5) == 0.0
    assert pacing.wait(180_000, 100.5) == pytest.approx(0.1)


def test_each_step_is_one_batch_and_another_pace_ends_them() -> None:
    pacing = Pacing(None)
    assert pacing.wait(0, 0.0) == 0.0
    for _ in range(2):
        pacing.obey({"command": "step"})
    for _ in range(2):
        assert pacing.wait(0, 0.0) == 0.0
        pacing.took()
    assert pacing.wait(0, 0.0) == inf
    pacing.obey({"command": "step"})
    pacing.obey({"command": "pace", "pace": "hold"})
    assert pacing.wait(0, 0.0) == inf


@pytest.mark.parametrize("text", ["max", "realtime", "hold", "60x", "0.5x"])
def test_a_pace_is_said_as_it_is_read(text: str) -> None:
    assert pace_word(read_pace(text)) == text


@pytest.mark.parametrize("text", ["soon", "", "-1x", "0x", "nan", "inf", None])
def test_what_is_no_pace_is_refused_with_what_would_do(text: str | None) -> None:
    with pytest.raises(ConfigError, match="say max, realtime, hold, or a multiple"):
        read_pace(text)
