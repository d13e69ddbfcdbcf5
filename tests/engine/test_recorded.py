"""The tape of a live session as a feed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import text
from tests.engine.live import SYMBOLS, Host, Recording, recording

from papertape import Block, Event, Feed, Row
from papertape.contract.errors import ConfigError, TapeSourceChanged
from papertape.engine import recorded as subject
from papertape.engine.config import read_config
from papertape.engine.recorded import RECORDED, RecordedFeed, replayed
from papertape.engine.tape import Header, overlay, read_header
from papertape.feeds.sim import SimFeed
from papertape.ledger.store import Ledger
from papertape.reports.circumstances import held

GIVEN: Recording = recording(seed=9)
EVERY = [GIVEN.warm_up, *GIVEN.blocks]
Told = tuple[int, tuple[Row | None, ...], list[Event]]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recorded") / "ledger.db"
    host = Host(f"sqlite:///{file}", GIVEN)
    host.begin(host.config("restless"), "live", stop=80)
    host.begin(host.config("restless", feed={"kind": "sim"}, bars=5), "sim")
    return file


@pytest.fixture
def ledger(file: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{file}") as ledger:
        yield ledger


def feed_of(ledger: Ledger, batches: int | None = None) -> RecordedFeed:
    return RecordedFeed(ledger, "live", read_header(overlay(ledger, "live")), batches)


def batch_by_batch(blocks: list[Block]) -> list[Told]:
    """(close, candles, events before) of each batch, however blocks were cut."""
    return [
        (time, block.rows[k], [json.loads(json.dumps(event)) for place, event in block.events if place == k])
        for block in blocks
        for k, time in enumerate(block.times)
    ]


def test_it_gives_the_batches_and_events_that_the_market_gave(ledger: Ledger) -> None:
    feed = feed_of(ledger)
    told = batch_by_batch(list(feed.blocks()))
    assert len(told) > 360
    assert told == batch_by_batch(EVERY)[: len(told)]
    assert (feed.symbols, feed.timeframe, feed.warmed) == (SYMBOLS, "1m", len(GIVEN.warm_up.times))


@pytest.mark.parametrize("size", [1, 7, 512])
def test_how_blocks_are_cut_changes_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    whole = batch_by_batch(list(feed_of(ledger).blocks()))
    monkeypatch.setattr(subject, "SIZE", size)
    blocks = list(feed_of(ledger).blocks())
    assert max(len(block.times) for block in blocks) <= size
    assert batch_by_batch(blocks) == whole


def test_it_can_be_read_from_any_batch_on(ledger: Ledger) -> None:
    feed = feed_of(ledger)
    whole = batch_by_batch(list(feed.blocks()))
    for start in range(300, len(whole) + 2, 3):
        assert batch_by_batch(list(feed.blocks(start))) == whole[start:]


def test_it_ends_after_so_many_batches(ledger: Ledger) -> None:
    whole = batch_by_batch(list(feed_of(ledger).blocks()))
    feed = feed_of(ledger, 330)
    assert feed.total() == 330
    assert batch_by_batch(list(feed.blocks())) == whole[:330]
    assert list(feed.blocks(330)) == []


REPLAY = read_config({"feed": {"kind": RECORDED, "params": {"session": "sim"}}, "strategies": ["restless"]})


def source(header: Header) -> Feed:
    """The feed of the simulated session, whose candles are not on its tape."""
    return SimFeed(**header.feed["params"])


def test_a_session_whose_feed_gives_its_candles_again_is_replayed_from_that(ledger: Ledger) -> None:
    feed = replayed(ledger, {"session": "sim"}, source)
    header = read_header(overlay(ledger, "sim"))
    assert feed.total() == 5
    assert held("again", replace(header, config=REPLAY, feed=feed.describe())) is None  # on no tape, for a comparison
    whole = next(source(header).blocks()).rows[:5]
    assert [row for block in feed.blocks() for row in block.rows] == whole
    assert [row for block in feed.blocks(3) for row in block.rows] == whole[3:]
    assert replayed(ledger, feed.describe()["params"], source).describe() == feed.describe()


def test_a_replay_has_the_batches_that_were_stepped_and_is_described_with_their_hash(ledger: Ledger) -> None:
    feed = replayed(ledger, {"session": "live"})
    row = ledger.find("live")
    assert feed.total() == feed.warmed + row.snapshots
    params = feed.describe()["params"]
    assert params["session"] == "live" and len(params["sha256"]) == 64
    assert replayed(ledger, params).describe() == feed.describe()


def test_another_tape_is_refused(file: Path, tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{copy(file, tmp_path / 'ledger.db')}") as ledger:
        params = replayed(ledger, {"session": "live"}).describe()["params"]
        with ledger.database.write() as connection:
            connection.execute(text("UPDATE tape SET payload = '{}' WHERE session = 'live' AND kind = 'feed'"))
        with pytest.raises(TapeSourceChanged, match="the tape of session live is not what it was"):
            replayed(ledger, params)


def test_what_cannot_be_replayed_so_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ConfigError, match="session sim has no candles on its tape; replay what it replayed"):
        replayed(ledger, {"session": "sim"})
    with pytest.raises(ConfigError, match="a recorded session is replayed as it was: start cannot be given"):
        replayed(ledger, {"session": "live", "start": 0})
