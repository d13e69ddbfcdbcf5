"""Retelling a moment of a session: its tape folded again from the nearest anchor up to one batch, and that one watched.

It is the same step over the same batches; who asks stands beside it, before the batch, after it, and once what came
before the next batch has been carried out.
"""

from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from papertape.contract.candle import Row
from papertape.contract.errors import LedgerError, SessionDiffers
from papertape.contract.feed import Event
from papertape.contract.fusion import Council, Fusion
from papertape.contract.signal import Signal
from papertape.contract.snapshot import Snapshot
from papertape.contract.strategy import Wish
from papertape.engine.agreement import first_difference
from papertape.engine.anchoring import Begun, begin
from papertape.engine.delays import recorded_delays
from papertape.engine.discovery import Plugins
from papertape.engine.divergence import Same, close, equal
from papertape.engine.events import apply, carry_out
from papertape.engine.fold import CHUNK, stretches
from papertape.engine.foresight import foresight
from papertape.engine.seat import StrategySeat
from papertape.engine.session import Session
from papertape.engine.tape import events_by_batch, fingerprints, overlay
from papertape.engine.tracing import Watch
from papertape.engine.verify import other_machine
from papertape.ledger.finding import around
from papertape.ledger.records import Effects, TapeRow
from papertape.ledger.store import Ledger


class Retelling:
    """A session right before the batch that closes at a time, or as the first after it.

    `now`: its close, ms UTC, `batch`: its number, `rows`: its candles. `commands`, `events`: what stood right before it
    on the tape, an operator's and the feed's. `step()` steps through it; `wishes` then hold what each strategy said,
    and each fusion that voted, `councils` what that one was shown, `watches` what each desk did, by book. `go_on()`
    carries out what came before the next batch, bit by bit.

    `tape`: its entries besides candles. `begun`: from where the fold came. `differs`: the first record since then that
    the ledger has otherwise, in words. `same`: what of a record counts as the same here.
    """

    def __init__(self, begun: Begun, tape: Sequence[TapeRow], at: int, last: int) -> None:
        self.begun = begun
        self.tape = tape
        self.session: Session = begun.built.session
        self.watches = {seat.name: Watch() for seat in self.session.seats}
        self.wishes: dict[str, list[Wish]] = {}
        self.councils: dict[str, Council] = {}
        elsewhere = other_machine(fingerprints(tape), begun.built.asked.models.fingerprint())
        self.same: Same = equal if elsewhere is None else close
        self.differs: str | None = None
        self.events: list[Event] = []
        self.commands: list[tuple[int, dict[str, Any]]] = []
        self._event: Event | None = None
        self.now = 0
        self.rows: tuple[Row | None, ...] = ()
        self._at = at
        self._last = last
        self._commands = events_by_batch(tape)
        if self.session.delays is not None:
            self.session.delays.recorded = recorded_delays(tape)
        self._moments = self._fold()
        next(self._moments)
        self.effects = self.session.journal.drain()

    @property
    def batch(self) -> int:
        """The number of the batch."""
        return self._number

    def step(self) -> Effects:
        """Steps through the batch; gives what came of it."""
        for seat in self.session.seats:
            seat.desk.watch = self.watches[seat.name]
        inner = {seat.name: self._listen(seat) for seat in self.session.strategies}
        voters = {seat.name: seat.fusion for seat in self.session.fusions}
        for fusion in self.session.fusions:
            fusion.fusion = _Overheard(self, fusion.name, fusion.fusion)
        next(self._moments)
        for fusion in self.session.fusions:
            fusion.fusion = voters[fusion.name]
        for seat in self.session.seats:
            seat.desk.watch = None
        for seat in self.session.strategies:
            seat.on_snapshot = inner[seat.name]
        return self.session.journal.drain()

    def go_on(self) -> Iterator[tuple[Event | None, Effects]]:
        """Carries out what came between the batch and the next: first what an operator said (None), then the feed's
        events, one by one; gives what came of each."""
        for _ in self._moments:
            yield self._event, self.session.journal.drain()

    @property
    def followed(self) -> list[tuple[int, dict[str, Any]]]:
        """An operator's commands that stand between the batch and the next, with their times."""
        return self._commands.get(self._number + 1, [])

    def close(self) -> None:
        self._moments.close()

    def _listen(self, seat: StrategySeat) -> Any:
        """Has a strategy's wishes written down on their way."""
        called, name = seat.on_snapshot, seat.name

        def on_snapshot(snapshot: Snapshot) -> Iterator[Wish]:
            self.wishes[name] = said = []
            wished = called(snapshot)
            for wish in () if wished is None else wished:
                said.append(wish)
                yield wish

        seat.on_snapshot = on_snapshot
        return called

    def _fold(self) -> Generator[None]:
        session = self.session
        stepped = False
        if session.journal.batch < 0:
            self._obey()
        with foresight(session) as look:
            for block in self.begun.feed.blocks(session.journal.batch + 1):
                for events, times, batches in stretches(block, CHUNK):
                    if stepped:
                        for event in events if session.journal.batch < self._last else ():
                            carry_out(session, [event])
                            self._event = event
                            yield
                        return
                    carry_out(session, events)
                    look(batches)
                    place = bisect_left(times, self._at)
                    self._run(times[:place], batches[:place])
                    if place == len(times):
                        continue
                    self.now, self.rows = times[place], batches[place]
                    self._number = session.journal.batch + 1
                    self.events = events if not place else []
                    self.commands = self._commands.get(self._number, [])
                    yield
                    session.step(self.now, self.rows)
                    yield
                    self._obey()
                    yield
                    if place + 1 < len(times):
                        return
                    stepped = True
        if not stepped:
            raise SessionDiffers(f"the tape's source ends after batch {session.journal.batch}; the session went on")

    def _run(self, times: Sequence[int], batches: Sequence[tuple[Row | None, ...]]) -> None:
        """Steps through batches, as many at once as no command stands between."""
        place, first = 0, self.session.journal.batch + 1
        for number in range(first, first + len(times)):
            if number + 1 in self._commands:
                end = number + 1 - first
                self.session.run(times[place:end], batches[place:end])
                self._obey()
                place = end
        if place < len(times):
            self.session.run(times[place:], batches[place:])

    def _obey(self) -> None:
        for at, command in self._commands.get(self.session.journal.batch + 1, ()):
            apply(self.session, at, command)


class _Overheard(Fusion):
    """A fusion whose votes are written down on their way."""

    def __init__(self, told: Retelling, name: str, fusion: Fusion) -> None:
        self._told = told
        self._name = name
        self._fusion = fusion

    def fuse(self, council: Council) -> list[Signal]:
        self._told.councils[self._name] = council
        said = list(self._fusion.fuse(council))
        self._told.wishes[self._name] = list(said)
        return said


@contextmanager
def retelling(ledger: Ledger, session: str, plugins: Plugins, at: int, whole: bool = False) -> Iterator[Retelling]:
    """The session before the first batch that closes at `at` (ms UTC) or later, which must be one that the ledger
    holds. It is folded from the nearest anchor; `whole`: from the start. So it is anyway where a component keeps no
    state and the way is short; where it is long, such a component is called afresh from the anchor on, and if then
    anything becomes another than in the ledger, it is the start after all.

    Raises `LedgerError` where there is none, `SessionDiffers` where the tape does not lead there, and what building the
    session raises: a source that changed, a plugin or a model that is gone.
    """
    tape = overlay(ledger, session)
    span = around(ledger, session, at)
    if not tape or span.after is None:
        raise LedgerError(f"session {session} holds nothing of that time")
    last = _last(ledger, session)
    with ExitStack() as stack:
        near = None if span.before is None or whole else span.before.batch
        begun = begin(ledger, session, plugins, tape, near, stack)
        told = stack.enter_context(closing(Retelling(begun, tape, at, last)))
        told.differs = first_difference(ledger, session, (told.effects,), told.begun.seq, told.batch - 1, told.same)
        if told.differs is not None and begun.afresh:
            begun = begin(ledger, session, plugins, tape, None, stack)
            told = stack.enter_context(closing(Retelling(begun, tape, at, last)))
            told.differs = first_difference(ledger, session, (told.effects,), told.begun.seq, told.batch - 1, told.same)
        yield told


def _last(ledger: Ledger, session: str) -> int:
    kept = ledger.checkpoint(session)
    assert kept is not None
    return kept.batch
