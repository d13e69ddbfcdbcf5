"""A live session: what comes is on the tape before it is stepped, and however it ends it goes on the same."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import text
from tests.engine.hosted import NAME, checkpoints, kept
from tests.engine.live import MINUTE, SYMBOLS, WARM, Host, Killed, Recording, recording

from papertape import Instrument, Snapshot, Strategy, Wish
from papertape.contract.errors import TapeSourceChanged
from papertape.engine.recorded import RECORDED
from papertape.engine.runner import Runner
from papertape.engine.tape import INSTRUMENT
from papertape.ledger.records import CheckpointRow, OrderRow, TapeRow
from papertape.ledger.store import Ledger


@cache
def given() -> Recording:
    return recording()


WARMED = len(given().warm_up.times)
LAST = given().batches - WARMED
"""How many batches are traded."""


@pytest.fixture
def host(sqlite_url: str) -> Host:
    return Host(sqlite_url, given())


@pytest.fixture(scope="module")
def ledger_of_whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose session `whole` ran without a break."""
    file = tmp_path_factory.mktemp("whole") / "ledger.db"
    host = Host(f"sqlite:///{file}", given())
    assert host.begin(host.config(), "whole").status == "finished"
    return file


@pytest.fixture
def whole(ledger_of_whole: Path, tmp_path: Path) -> Host:
    """A host that has such a session."""
    return Host(f"sqlite:///{copy(ledger_of_whole, tmp_path / 'ledger.db')}", given())


def same(host: Host) -> bool:
    return kept(host.url).same_as(kept(host.url, "whole"))


def test_it_has_something_to_go_wrong(whole: Host) -> None:
    session = kept(whole.url, "whole")
    kinds = [json.loads(row.payload)["feed"] for row in session.tape if row.kind == "feed"]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "history": 4, "stale": 1, "whole": 1, "late": kinds.count("late"), "amended": 2, "muted": 1, "unmuted": 1,
    }  # fmt: skip
    assert kinds.count("late") > 6
    assert len(session.fills) > 40
    assert {signal.muted for signal in session.signals} == {True, False}
    assert any(order.reason == "its data are stale" for order in session.orders)


def test_it_is_verified_at_each_of_its_checkpoints(whole: Host) -> None:
    found = whole.verified("whole")
    assert found.equal and found.difference is None
    assert found.batches == given().batches
    assert found.checkpoints > len(given().blocks), "one for each block, and for each stretch of a block"


def test_a_batch_is_on_the_tape_before_it_is_stepped_and_its_effects_are_not(host: Host) -> None:
    def look(runner: Runner) -> None:
        batch, name = runner.session.journal.batch, runner.writer.session
        taped = {row.batch for row in runner.ledger.rows(name, TapeRow) if row.kind == "batch"}
        assert set(range(batch + 1)) <= taped
        assert max(row.batch for row in runner.ledger.rows(name, CheckpointRow)) < batch

    assert host.begin(host.config(), look=look).status == "finished"


def test_the_tape_has_each_batch_and_each_number_once(whole: Host) -> None:
    tape = kept(whole.url, "whole").tape
    assert [row.number for row in tape] == list(range(len(tape)))
    batches = [row for row in tape if row.kind == "batch"]
    assert [row.batch for row in batches] == list(range(given().batches))
    blocks = [given().warm_up, *given().blocks]
    assert [row.at for row in batches] == [time for block in blocks for time in block.times]


@pytest.mark.parametrize("kill", [-WARMED, -1, 1, 31, 41, 60, 62, LAST])
def test_killed_between_tape_and_effects_it_goes_on_as_if_it_had_not_been(whole: Host, kill: int) -> None:
    with pytest.raises(Killed):
        whole.begin(whole.config(), kill=kill)
    assert whole.go_on().status == "finished"
    assert same(whole)
    assert whole.verified().equal


def test_killed_again_and_again_it_goes_on_the_same(whole: Host) -> None:
    with pytest.raises(Killed):
        whole.begin(whole.config(), kill=-100)
    for kill in range(3, LAST, 17):
        with pytest.raises(Killed):
            whole.go_on(kill=kill)
    whole.go_on()
    assert same(whole)
    assert whole.verified().equal


@pytest.mark.parametrize("stop", [-WARMED, 5, 35, 62])
def test_stopped_it_goes_on_the_same(whole: Host, stop: int) -> None:
    assert whole.begin(whole.config(), stop=stop).status == "stopped"
    assert kept(whole.url).session.snapshots < LAST
    assert whole.verified().equal
    assert whole.go_on().status == "finished"
    assert same(whole)


def test_stopped_in_its_warm_up_it_goes_on_with_the_warm_up_on_its_tape(host: Host) -> None:
    host.begin(host.config(), stop=-WARMED)
    assert kept(host.url).session.snapshots == 0
    assert checkpoints(host.url)[-1].batch < WARMED - 1
    host.go_on()
    assert [stood.time for stood in host.stood] == [WARM * MINUTE], "it was not followed before"


def test_the_feed_is_told_from_where_to_go_on(host: Host) -> None:
    host.begin(host.config(), stop=35)
    host.go_on(stop=66)
    host.go_on()
    _, stale, muted = host.stood
    closes = [time for block in given().blocks for time in block.times]
    assert (stale.stale, stale.muted) == (frozenset("B"), False)
    assert stale.time in closes and stale.newest["A"] == stale.time - MINUTE > stale.newest["B"]
    assert (muted.stale, muted.muted) == (frozenset(), False)
    assert muted.time == max(time for time in closes if time <= (WARM + 72) * MINUTE)


def test_funding_that_has_never_come_is_wanted_from_the_first_traded_candle_on(host: Host) -> None:
    host.begin(host.config(instruments={"A": {"kind": "perpetual"}}), stop=20)
    host.go_on(stop=40)
    new, resumed = host.stood
    assert new.funded == {}
    assert resumed.funded == {"A": kept(host.url).session.first_ts}


@pytest.mark.parametrize("bars", [1, 33, 62, LAST])
def test_it_ends_after_so_many_batches_though_its_block_has_more(host: Host, bars: int) -> None:
    assert host.begin(host.config(bars=bars)).status == "finished"
    session = kept(host.url)
    assert session.session.snapshots == bars
    assert max(row.batch for row in session.tape) == WARMED + bars - 1
    assert host.verified().equal


def test_what_an_operator_says_is_carried_out_between_batches_and_folded_there(host: Host) -> None:
    tell = {2: {"command": "pause"}, 12: {"command": "resume"}, 33: {"command": "flatten"}, 65: {"command": "pause"}}
    host.begin(host.config(), "whole", tell=tell)
    assert host.verified("whole").equal
    with pytest.raises(Killed):
        host.begin(host.config(), tell=tell, kill=20)
    rest = {batch: command for batch, command in tell.items() if batch > 20}
    with pytest.raises(Killed):
        host.go_on(tell=rest, kill=50)
    host.go_on(tell={65: tell[65]})
    assert same(host)
    assert host.verified().equal


def test_a_stop_that_is_posted_is_obeyed_while_nothing_comes(host: Host) -> None:
    assert host.begin(host.config(), tell={10: {"command": "stop"}}).status == "stopped"
    assert kept(host.url).session.snapshots == 10
    assert host.go_on().status == "finished"


# Replayed


def test_a_replay_of_its_tape_does_the_same(whole: Host) -> None:
    config = whole.config(feed={"kind": RECORDED, "session": "whole"})
    assert whole.begin(config).status == "finished"
    replay, live = kept(whole.url), kept(whole.url, "whole")
    assert replay.session.digest == live.session.digest
    assert (replay.signals, replay.orders, replay.fills) == (live.signals, live.orders, live.fills)
    assert replay.curves == live.curves
    assert (replay.session.bars, replay.session.snapshots) == (live.session.bars, live.session.snapshots)
    assert whole.verified().equal


class Longer(Strategy):
    """Looks at a timeframe for which the recorded session has no history, and not at the one for which it has."""

    timeframes = ("15m",)
    keeps = ()

    def on_snapshot(self, snapshot: Snapshot) -> list[Wish]:
        for symbol in SYMBOLS:
            snapshot.candles(symbol, "15m")
        return []


def test_a_replay_may_have_other_strategies(sqlite_url: str) -> None:
    host = Host(sqlite_url, given(), longer=Longer)
    host.begin(host.config(), "whole")
    feed = {"kind": RECORDED, "session": "whole"}
    assert host.begin(host.config("longer", "donchian-breakout:enter=5,leave=3", feed=feed)).status == "finished"
    assert kept(sqlite_url).session.snapshots == LAST
    assert not kept(sqlite_url).events
    assert host.verified().equal


def test_a_replay_that_is_stopped_goes_on_the_same(whole: Host) -> None:
    config = whole.config(feed={"kind": RECORDED, "session": "whole"})
    whole.begin(config, stop=40)
    whole.go_on()
    assert kept(whole.url).session.digest == kept(whole.url, "whole").session.digest


def test_a_replay_of_a_tape_that_was_altered_is_not_gone_on_with(whole: Host) -> None:
    whole.begin(whole.config(feed={"kind": RECORDED, "session": "whole"}), stop=40)
    with Ledger.open(whole.url) as ledger, ledger.database.write() as connection:
        connection.execute(text("UPDATE tape SET at = at + 1 WHERE session = 'whole' AND number = 50"))
    with pytest.raises(TapeSourceChanged, match="the tape of session whole is not what it was when it was replayed"):
        whole.go_on()


def test_a_candle_on_the_tape_that_was_altered_is_found(whole: Host) -> None:
    with Ledger.open(whole.url) as ledger, ledger.database.write() as connection:
        query = "SELECT number, payload FROM tape WHERE session = 'whole' AND kind = 'batch' ORDER BY number"
        number, payload = connection.execute(text(query)).all()[WARM + 45]
        document = json.loads(payload)
        ts, opened, high, low, closed, volume, flags = document["rows"]["A"]
        document["rows"]["A"] = [ts, opened, high, low, (closed + low) / 2 if closed > low else high, volume, flags]
        altered = "UPDATE tape SET payload = :payload WHERE session = 'whole' AND number = :number"
        connection.execute(text(altered), {"payload": json.dumps(document), "number": number})
    found = whole.verified("whole")
    assert not found.equal and found.difference is not None and " in the ledger, " in found.difference


def test_rules_that_the_exchange_changed_meanwhile_hold_from_there_on(host: Host) -> None:
    feed = host.plugins.find("feed", "given").object
    feed.instruments = {"A": Instrument("A", "USD", lot=Decimal("0.5"))}
    host.begin(host.config("restless", sizer="fixed-notional:notional=700"), stop=40)
    feed.instruments = {"A": Instrument("A", "USD", lot=Decimal(3))}
    with pytest.raises(Killed):
        host.go_on(kill=60)
    host.go_on()
    with Ledger.open(host.url) as ledger:
        changes = list(ledger.rows(NAME, TapeRow, of_kinds=(INSTRUMENT,)))
        entries = [order for order in ledger.rows(NAME, OrderRow) if order.symbol == "A" and order.role == "entry"]
    (change,) = changes
    before = [order.quantity for order in entries if order.batch < change.batch]
    later = [order.quantity for order in entries if order.batch >= change.batch]
    assert any(quantity % 3 for quantity in before) and all(quantity % Decimal("0.5") == 0 for quantity in before)
    assert later and all(quantity % 3 == 0 for quantity in later)
    assert host.verified().equal
