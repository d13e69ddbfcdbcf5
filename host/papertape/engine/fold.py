"""Folding a recorded tape again: the same batches, the same events, no writing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from papertape.contract.errors import SessionDiffers
from papertape.contract.feed import Feed
from papertape.engine.session import Session

Commands = Mapping[int, Sequence[tuple[int, Mapping[str, Any]]]]


def fold(session: Session, feed: Feed, commands: Commands, stops: Sequence[int]) -> Iterator[int]:
    """Steps a started session from its present batch, and pauses after each batch in `stops` (ascending).

    The commands before a batch are carried out as soon as the one before it is done: what is kept of a batch holds
    them already. Raises `SessionDiffers` if the feed ends before the last stop.
    """

    def obey() -> None:
        for at, command in commands.get(session.journal.batch + 1, ()):
            session.apply(at, command)

    if session.journal.batch < 0:
        obey()
    waiting = [stop for stop in stops if stop > session.journal.batch]
    yield from (stop for stop in stops if stop <= session.journal.batch)
    if not waiting:
        return
    for block in feed.blocks(session.journal.batch + 1):
        for now, rows in zip(block.times, block.rows, strict=True):
            session.step(now, rows)
            obey()
            if session.journal.batch == waiting[0]:
                yield waiting.pop(0)
                if not waiting:
                    return
    raise SessionDiffers(
        f"the tape's source ends after batch {session.journal.batch}; the session went on to {waiting[-1]}"
    )
