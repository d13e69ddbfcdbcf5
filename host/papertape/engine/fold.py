"""Folding a recorded tape again: the same batches, the same events, no writing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from papertape.contract.candle import Row
from papertape.contract.errors import SessionDiffers
from papertape.contract.feed import Block, Event, Feed
from papertape.engine.delays import recorded_delays
from papertape.engine.events import apply, carry_out
from papertape.engine.foresight import foresight
from papertape.engine.session import Session
from papertape.engine.tape import events_by_batch
from papertape.ledger.records import TapeRow

CHUNK: Final = 256
"""Batches of a stretch, where nothing asks for fewer."""
Stretch = tuple[list[Event], list[int], list[tuple[Row | None, ...]]]
"""Events, and the times and rows of the batches that come after them."""


def stretches(block: Block, size: int) -> Iterator[Stretch]:
    """A block's batches in stretches of at most `size`, none with an event inside it."""
    cuts = sorted({*range(0, len(block.times), size), *(place for place, _ in block.events)})
    for first, end in pairwise([*cuts, len(block.times)]):
        events = [event for place, event in block.events if place == first] if block.events else []
        yield events, block.times[first:end], block.rows[first:end]


def first_batches(block: Block, count: int | None) -> Block:
    """The block without its batches from number `count` on, and without the events before those; None for all."""
    if count is None or count >= len(block.times):
        return block
    events = tuple(event for event in block.events if event[0] < count)
    return replace(block, times=block.times[:count], rows=block.rows[:count], events=events)


def fold(session: Session, feed: Feed, tape: Sequence[TapeRow], stops: Sequence[int]) -> Iterator[int]:
    """Steps a started session from its present batch, and pauses after each batch in `stops` (ascending).

    The commands before a batch are carried out as soon as the one before it is done: what is kept of a batch holds
    them already. Delays are those that the tape says. Raises `SessionDiffers` if the feed ends before the last stop.
    """

    commands = events_by_batch(tape)
    if session.delays is not None:
        session.delays.recorded = recorded_delays(tape)

    def obey() -> None:
        for at, command in commands.get(session.journal.batch + 1, ()):
            apply(session, at, command)

    if session.journal.batch < 0:
        obey()
    waiting = [stop for stop in stops if stop > session.journal.batch]
    yield from (stop for stop in stops if stop <= session.journal.batch)
    if not waiting:
        return
    with foresight(session) as look:
        for block in feed.blocks(session.journal.batch + 1):
            for events, times, batches in stretches(block, CHUNK):
                carry_out(session, events)
                look(batches)
                for now, rows in zip(times, batches, strict=True):
                    session.step(now, rows)
                    obey()
                    if session.journal.batch == waiting[0]:
                        yield waiting.pop(0)
                        if not waiting:
                            return
    raise SessionDiffers(
        f"the tape's source ends after batch {session.journal.batch}; the session went on to {waiting[-1]}"
    )
