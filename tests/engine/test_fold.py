"""Folding: blocks cut where something came between two batches, and paused where somebody wants to look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.scripted import Rows, flat, scripted, started

from papertape import Block
from papertape.contract.errors import SessionDiffers
from papertape.engine.fold import first_batches, fold, stretches
from papertape.engine.tape import COMMAND
from papertape.ledger.records import TapeRow

places = st.lists(st.integers(0, 19), max_size=8).map(sorted)


@given(st.integers(1, 20), places, st.integers(1, 25))
def test_stretches_are_the_block_in_pieces_with_each_event_before_its_batch(
    count: int, before: list[int], size: int
) -> None:
    events = tuple((place, {"number": number}) for number, place in enumerate(before) if place < count)
    block = Block(list(range(count)), [(None,)] * count, (), events)
    seen: list[object] = []
    for told, times, rows in stretches(block, size):
        assert 0 < len(times) == len(rows) <= size
        seen += [*told, *times]
    expected: list[object] = []
    for time in range(count):
        expected += [event for place, event in events if place == time]
        expected.append(time)
    assert seen == expected


def test_a_block_without_batches_has_no_stretch() -> None:
    assert list(stretches(Block([], []), 10)) == []


def test_it_pauses_after_each_batch_that_is_asked_for() -> None:
    feed = Rows({"A": flat(*range(1, 9))})
    session = started(feed, {"scripted": scripted({})}).session
    paused = [(stop, session.journal.batch) for stop in fold(session, feed, [], [-1, 0, 3, 6])]
    assert paused == [(-1, -1), (0, 0), (3, 3), (6, 6)]


def test_commands_are_carried_out_as_soon_as_the_batch_before_is_done() -> None:
    feed = Rows({"A": flat(1, 2, 3, 4)})
    session = started(feed, {"scripted": scripted({})}).session
    tape = [
        TapeRow(1, 0, 0, COMMAND, '{"command":"pause"}'), TapeRow(2, 2, 120_000, COMMAND, '{"command":"resume"}'),
    ]  # fmt: skip
    assert [(stop, session.paused) for stop in fold(session, feed, tape, [-1, 0, 1, 3])] == [
        (-1, True), (0, True), (1, False), (3, False),
    ]  # fmt: skip


def test_a_feed_that_ends_before_the_last_pause_is_another_one() -> None:
    feed = Rows({"A": flat(1, 2, 3)})
    session = started(feed, {"scripted": scripted({})}).session
    with pytest.raises(SessionDiffers, match="the tape's source ends after batch 2; the session went on to 5"):
        list(fold(session, feed, [], [1, 5]))


def test_the_first_batches_of_a_block_come_with_the_events_before_them_alone() -> None:
    events = tuple((place, {"number": place}) for place in (0, 2, 3))
    block = Block([1, 2, 3, 4], [(None,)] * 4, (), events)
    assert first_batches(block, None) is block and first_batches(block, 4) is block
    cut = first_batches(block, 3)
    assert (cut.times, len(cut.rows), [place for place, _ in cut.events]) == ([1, 2, 3], 3, [0, 2])
