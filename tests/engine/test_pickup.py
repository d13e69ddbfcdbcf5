"""Models that move while a session runs: picked up beside it, on the tape, and the same in every fold of that."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.engine.hosted import NAME, kept
from tests.engine.live import SYMBOLS, Host, Killed, Recording, recording
from tests.engine.scripted import plugins_with
from tests.engine.shelf import PARTS, ShelfFile

from papertape import Block
from papertape.cli.session import recorded_feed
from papertape.engine.config import read_config
from papertape.engine.pacing import Pace
from papertape.engine.pickup import Pickup
from papertape.engine.recorded import RECORDED
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.engine.verify import verify
from papertape.ledger.records import CheckpointRow, PredictionRow, TapeRow
from papertape.ledger.store import Ledger
from papertape.reports import models as exported

AT = 30
"""Batches after which somebody promotes."""


def _one_block(blocks: Sequence[Block]) -> Block:
    """All of them at once, as after a time away."""
    whole = Block([], [])
    for block in blocks:
        events = [(len(whole.times) + place, event) for place, event in block.events]
        times, rows = [*whole.times, *block.times], [*whole.rows, *block.rows]
        whole = replace(block, times=times, rows=rows, events=(*whole.events, *events))
    return whole


@pytest.fixture(scope="module")
def given() -> Recording:
    return recording()


@pytest.fixture
def shelf(tmp_path: Path) -> ShelfFile:
    """Two versions that disagree about everything; the first is the champion."""
    made = ShelfFile(tmp_path / "shelf.json", SYMBOLS)
    made.publish(1, [40.0, 20.0, 0.0])
    made.publish(2, [-40.0, -20.0, 0.0])
    made.promote(1)
    return made


@pytest.fixture
def host(sqlite_url: str, given: Recording) -> Host:
    return Host(sqlite_url, given, PARTS)


def promoting(shelf: ShelfFile, *versions: int, alias: str = "m@champion") -> Callable[[Runner], None]:
    """Promotes one version after the other, each when what came of the one before is on the tape."""
    waiting = list(versions)

    def look(runner: Runner) -> None:
        assert runner.pickup is not None
        runner.pickup.every = 0.0
        done = runner.session.journal.batch + 1 - runner.session.warmed
        if waiting and done >= AT + 20 * (len(versions) - len(waiting)):
            shelf.promote(waiting.pop(0), alias)
            runner.pickup._next = 0.0
        loaded(runner)

    return look


def loaded(runner: Runner) -> None:
    """Waits for what is being loaded beside the session, if anything is."""
    if runner.pickup is not None and runner.pickup._loading is not None:
        wait([runner.pickup._loading[2]])


def config(host: Host, shelf: ShelfFile, *strategies: str, **keys: Any) -> Any:
    return host.config(*(strategies or ("follower",)), models=shelf.spec, **keys)


def changes(url: str, name: str = NAME) -> list[Mapping[str, Any]]:
    with Ledger.open(url) as ledger:
        return [json.loads(row.payload) for row in ledger.rows(name, TapeRow, of_kinds=("model",))]


def predictions(url: str, name: str = NAME) -> list[PredictionRow]:
    with Ledger.open(url) as ledger:
        return list(ledger.rows(name, PredictionRow))


def test_a_promotion_answers_from_the_next_batch_on_and_is_on_the_tape_before_it(host: Host, shelf: ShelfFile) -> None:
    host.begin(config(host, shelf), look=promoting(shelf, 2))
    (change,) = changes(host.url)
    assert (change["reference"], change["name"], change["version"]) == ("m@champion", "m", 2)
    with Ledger.open(host.url) as ledger:
        (row,) = ledger.rows(NAME, TapeRow, of_kinds=("model",))
    found = predictions(host.url)
    assert {one.version for one in found if one.batch < row.batch} == {1}
    assert {one.version for one in found if one.batch >= row.batch} == {2}
    assert host.verified().equal


def test_a_replay_of_the_recorded_session_meets_the_versions_that_answered_then(host: Host, shelf: ShelfFile) -> None:
    host.begin(config(host, shelf), look=promoting(shelf, 2))
    shelf.promote(1)  # where the alias points now is no part of what was recorded
    replay = config(host, shelf, feed={"kind": RECORDED, "params": {"session": NAME}})
    host.begin(replay, name="again")
    assert kept(host.url, "again").session.digest == kept(host.url).session.digest
    assert predictions(host.url, "again") == predictions(host.url)
    assert host.verified("again").equal
    with Ledger.open(host.url) as ledger:  # which bytes answered is known of the replay too
        assert [models for _, models in exported.signals(ledger, "again")] == [
            models for _, models in exported.signals(ledger, NAME)
        ]
        assert list(exported.predictions(ledger, "again")) == list(exported.predictions(ledger, NAME))


def test_a_replay_at_a_pace_asks_no_alias_either(host: Host, shelf: ShelfFile) -> None:
    host.begin(config(host, shelf), look=promoting(shelf, 2))
    shelf.promote(1)
    replay = config(host, shelf, feed={"kind": RECORDED, "params": {"session": NAME}}, bars=2 * AT)
    with Ledger.open(host.url) as ledger:
        started = start(ledger, "again", replay, host.plugins, 0)
        runner = Runner(replay, started.built, started.feed, ledger, started.writer, pace=Pace(6_000_000.0))

        def progress(done: int) -> None:
            if runner.pickup is not None:
                runner.pickup.every = 0.0
                loaded(runner)

        runner.progress = progress
        with started.writer:
            assert runner.run().status == "finished"
    again, live = ([one[:-2] for one in predictions(host.url, name)] for name in ("again", NAME))
    assert len(again) > AT and again == live[: len(again)]


def test_a_replay_meets_a_version_that_was_picked_up_inside_a_block_where_the_session_did(
    sqlite_url: str, given: Recording, shelf: ShelfFile
) -> None:
    host = Host(sqlite_url, replace(given, blocks=(_one_block(given.blocks),)), PARTS)
    host.begin(config(host, shelf), look=promoting(shelf, 2))
    assert {one.version for one in predictions(host.url)} == {1, 2}
    host.begin(config(host, shelf, feed={"kind": RECORDED, "params": {"session": NAME}}), name="again")
    assert predictions(host.url, "again") == predictions(host.url)


@pytest.mark.parametrize("kill", [AT + 6, AT + 14])
def test_what_is_open_of_a_version_that_has_left_is_completed_after_a_kill_too(
    host: Host, shelf: ShelfFile, kill: int
) -> None:
    shelf.publish(1, [40.0, 20.0, 0.0], horizon=12)
    shelf.publish(2, [-40.0, -20.0, 0.0], horizon=1)
    look = promoting(shelf, 2, 1)
    with pytest.raises(Killed):
        host.begin(config(host, shelf), look=look, kill=kill)
    host.go_on(look=look)
    assert [("failed" in each, each["version"]) for each in changes(host.url)] == [(False, 2), (False, 1)]
    assert host.verified().equal


@pytest.mark.parametrize(("strategy", "kill"), [("follower", AT - 1), ("follower", AT + 30), ("forgetful", AT + 30)])
def test_a_session_killed_before_or_after_a_change_goes_on_with_the_right_version(
    host: Host, shelf: ShelfFile, strategy: str, kill: int
) -> None:
    look = promoting(shelf, 2)
    with pytest.raises(Killed):
        host.begin(config(host, shelf, strategy), look=look, kill=kill)
    host.go_on(look=look)
    found = predictions(host.url)
    (change,) = changes(host.url)
    assert {one.version for one in found} == {1, 2}
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert change["version"] == 2
    assert host.verified().equal


def test_a_version_that_cannot_be_loaded_is_recorded_once_and_the_old_one_stays(host: Host, shelf: ShelfFile) -> None:
    shelf.publish(3, [1.0], damaged=True)
    lines: list[str] = []
    promote = promoting(shelf, 3)

    def look(runner: Runner) -> None:
        runner.told = lines.append
        promote(runner)

    host.begin(config(host, shelf), look=look)
    (failed,) = changes(host.url)
    assert failed["version"] == 3 and "damaged" in failed["failed"]
    assert {one.version for one in predictions(host.url)} == {1}
    assert len([line for line in lines if "cannot be taken" in line]) == 1
    assert host.verified().equal


@pytest.mark.parametrize("said", [{"features": ["returns_1", "returns_5"]}, {"window": 2}, {"horizon": 500}])
def test_a_version_that_reads_something_else_is_refused_and_the_next_one_taken(
    host: Host, shelf: ShelfFile, said: dict[str, Any]
) -> None:
    shelf.publish(3, [1.0], **said)
    host.begin(config(host, shelf), look=promoting(shelf, 3, 2))
    refused, taken = changes(host.url)
    assert (refused["version"], taken["version"]) == (3, 2)
    assert "failed" in refused and "failed" not in taken
    assert host.verified().equal


def test_a_version_is_taken_though_the_one_before_it_cannot_be_loaded(host: Host, shelf: ShelfFile) -> None:
    shelf.publish(3, [1.0], damaged=True)
    host.begin(config(host, shelf, allow_demote=True), look=promoting(shelf, 3, 2))
    refused, taken = changes(host.url)
    assert (refused["version"], taken["version"]) == (3, 2)
    assert "failed" in refused and "failed" not in taken and "previous" not in taken
    assert host.verified().equal


def test_a_version_that_was_refused_is_tried_again_when_its_reference_comes_back_to_it(
    host: Host, shelf: ShelfFile
) -> None:
    shelf.publish(3, [1.0], damaged=True)
    promote = promoting(shelf, 3, 2, 3)

    def look(runner: Runner) -> None:
        if runner.session.serving is not None and runner.session.serving.served["m@champion"].loaded.pin.version == 2:
            shelf.publish(3, [1.0])
        promote(runner)

    host.begin(config(host, shelf), look=look)
    assert [("failed" in each, each["version"]) for each in changes(host.url)] == [(True, 3), (False, 2), (False, 3)]


def test_a_checkpoint_does_not_grow_with_the_predictions(host: Host, shelf: ShelfFile) -> None:
    sizes: dict[int, int] = {}

    def look(runner: Runner) -> None:
        with Ledger.open(host.url) as ledger:
            kept = ledger.checkpoint(NAME)
            assert isinstance(kept, CheckpointRow)
            sizes[kept.batch] = len(kept.state)

    host.begin(config(host, shelf), look=look)
    batches = sorted(sizes)
    assert sizes[batches[-1]] < 1.2 * sizes[batches[len(batches) // 3]]


def test_a_store_that_does_not_answer_is_told_of_once_and_the_session_goes_on(host: Host, shelf: ShelfFile) -> None:
    lines: list[str] = []

    def look(runner: Runner) -> None:
        runner.told = lines.append
        assert isinstance(runner.pickup, Pickup)
        runner.pickup.every = 0.0
        if runner.session.journal.batch + 1 - runner.session.warmed == AT:
            shelf.path.unlink()

    assert host.begin(config(host, shelf), look=look).status == "finished"
    assert len([line for line in lines if "nothing says what it means" in line]) == 1


def test_a_session_that_goes_on_elsewhere_says_so_on_its_tape(host: Host, shelf: ShelfFile) -> None:
    with pytest.raises(Killed):
        host.begin(config(host, shelf), kill=AT)
    shelf.set(fingerprint={"cpu": "another"})
    host.go_on()
    (change,) = changes(host.url)
    assert (change["version"], change["fingerprint"]) == (1, {"cpu": "another"})
    found = host.verified()
    assert found.equal and found.elsewhere == "cpu was this, here it is another"


def test_what_is_said_while_warming_up_is_no_prediction(host: Host, shelf: ShelfFile, given: Recording) -> None:
    host.begin(config(host, shelf))
    assert min(one.batch for one in predictions(host.url)) == len(given.warm_up.times)


def test_a_paced_session_picks_up_too_as_its_replay_does_and_one_at_full_pace_does_not(
    shelf: ShelfFile, sqlite_url: str
) -> None:
    sim = {"kind": "sim", "symbols": list(SYMBOLS), "batches": 200}
    said = read_config({"feed": sim, "models": shelf.spec, "strategies": ["follower"]})
    with Ledger.open(sqlite_url, create=True) as ledger:
        for name, speed in (("paced", 60_000.0), ("max", None)):
            started = start(ledger, name, said, plugins_with(PARTS), 0)
            runner = Runner(said, started.built, started.feed, ledger, started.writer, pace=Pace(speed, 10))

            def progress(done: int, runner: Runner = runner) -> None:
                if runner.pickup is not None:
                    runner.pickup.every = 0.0
                if done == 50:
                    shelf.promote(2)
                loaded(runner)

            runner.progress = progress
            with started.writer:
                assert runner.run().status == "finished"
        assert {one.version for one in predictions(sqlite_url, "paced")} == {1, 2}
        assert {one.version for one in predictions(sqlite_url, "max")} == {2}
        found = verify(ledger, ledger.find("paced"), plugins_with(PARTS), lambda done: None)
        assert found.equal
        shelf.promote(1)
        feed, _ = recorded_feed("paced", sqlite_url)
        replay = replace(said, feed=feed)
        started = start(ledger, "again", replay, plugins_with(PARTS), 0)
        with started.writer:
            assert Runner(replay, started.built, started.feed, ledger, started.writer).run().status == "finished"
        assert verify(ledger, ledger.find("again"), plugins_with(PARTS), lambda done: None).equal
    assert predictions(sqlite_url, "again") == predictions(sqlite_url, "paced")
