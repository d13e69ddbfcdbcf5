"""Retelling a moment of a session: its tape folded again from the nearest anchor up to one batch, and that one watched.

It is the same step over the same batches; who asks stands beside it, before the batch, after it, and once what came
before the next batch has been carried out.
"""

import json
from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from heapq import merge
from itertools import takewhile, zip_longest
from operator import attrgetter
from typing import Any, Final

from papertape.contract.candle import Row
from papertape.contract.errors import LedgerError, PluginError, SessionDiffers
from papertape.contract.feed import Event, Feed
from papertape.contract.fusion import Council, Fusion
from papertape.contract.signal import Signal
from papertape.contract.snapshot import Snapshot
from papertape.contract.strategy import Wish
from papertape.engine import checkpoint, codec
from papertape.engine.build import Built, build
from papertape.engine.delays import recorded_delays
from papertape.engine.discovery import Plugins
from papertape.engine.divergence import Same, close, equal, may_differ, unequal, what, whose
from papertape.engine.feeding import taped_feed
from papertape.engine.fold import CHUNK, carry_out, stretches
from papertape.engine.foresight import foresight
from papertape.engine.models import kept_pins, models_of
from papertape.engine.seat import StrategySeat
from papertape.engine.session import Session
from papertape.engine.tape import INSTRUMENT, Header, events_by_batch, fingerprints, overlay, read_header
from papertape.engine.tracing import Watch
from papertape.engine.verify import other_machine
from papertape.ledger.finding import anchors, around
from papertape.ledger.records import Effects, FillRow, FundingRow, OrderRow, PluginEventRow, SignalRow, TapeRow
from papertape.ledger.store import Ledger

SOON: Final = 50_000
"""Candles up to which a fold from the start is worth its second: then what keeps no state is there as it was."""
KINDS: tuple[type[Any], ...] = (SignalRow, OrderRow, FillRow, FundingRow, PluginEventRow)


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a fold begins: after `batch`, with records up to `seq`; -1 and 0 for the start. `afresh`: components that
    keep no state, and stand there as if the session had begun just then."""

    header: Header
    built: Built
    feed: Feed
    batch: int
    seq: int
    afresh: tuple[str, ...]


class Retelling:
    """A session right before the batch that closes at a time, or as the first after it.

    `now`: its close, ms UTC, `batch`: its number, `rows`: its candles. `commands`, `events`: what stood right before it
    on the tape, an operator's and the feed's. `step()` steps through it; `wishes` and `failures` then hold what each
    strategy said, `watches` what each desk did, by book. `go_on()` carries out what came before the next batch, bit by
    bit.
    `councils`: what each fusion was shown, by name, where it voted; its signals are among the `wishes` then.
    `differs`: the first record since the fold began that the ledger has otherwise, in words. `begun`: from where.
    `same`: what of a record counts as the same here.
    """

    def __init__(self, begun: Begun, tape: Sequence[TapeRow], at: int, last: int) -> None:
        self.begun = begun
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

        def on_snapshot(snapshot: Snapshot) -> list[Wish]:
            self.wishes[name] = said = []
            wished = called(snapshot)
            for wish in () if wished is None else wished:
                said.append(wish)
                if len(said) > 10_000:
                    raise PluginError("it yielded more than 10,000 wishes in one batch")
            return said

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
            self.session.apply(at, command)


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
        begun = _begun(ledger, session, plugins, tape, near, stack)
        told = stack.enter_context(closing(Retelling(begun, tape, at, last)))
        told.differs = _difference(ledger, session, told)
        if told.differs is not None and begun.afresh:
            begun = _begun(ledger, session, plugins, tape, None, stack)
            told = stack.enter_context(closing(Retelling(begun, tape, at, last)))
            told.differs = _difference(ledger, session, told)
        yield told


def _last(ledger: Ledger, session: str) -> int:
    kept = ledger.checkpoint(session)
    assert kept is not None
    return kept.batch


def _begun(
    ledger: Ledger, session: str, plugins: Plugins, tape: list[TapeRow], batch: int | None, stack: ExitStack
) -> Begun:
    """At the newest anchor up to a batch from which a fold can begin, or at the start."""
    header = read_header(tape)
    commands = events_by_batch(tape)
    for number, seq, packed in () if batch is None else anchors(ledger, session, batch):
        # Of what a resume put on the tape the checkpoint that it went on from knows nothing.
        if number >= 0 and number + 1 not in commands:
            begun = _at_anchor(ledger, session, plugins, tape, header, (number, seq, packed), stack)
            if begun is None or (begun.afresh and number * len(header.symbols) <= SOON):
                break
            return begun
    models = stack.enter_context(models_of(header.config, plugins, ledger, header.models))
    feed = taped_feed(header, plugins, ledger, session, models)
    stack.callback(feed.close)
    built = build(header.config, plugins, feed, models)
    built.session.start(built.contexts)
    return Begun(header, built, feed, -1, 0, ())


def _at_anchor(
    ledger: Ledger,
    session: str,
    plugins: Plugins,
    tape: list[TapeRow],
    header: Header,
    anchor: tuple[int, int, bytes],
    stack: ExitStack,
) -> Begun | None:
    """None where its features are not those that would be computed here: only the start knows those."""
    number, seq, packed = anchor
    state = codec.decode(packed)
    pins = {**header.models, **kept_pins(state.get("models"))}
    models = stack.enter_context(models_of(header.config, plugins, ledger, pins))
    feed = taped_feed(header, plugins, ledger, session, models)
    stack.callback(feed.close)
    built = build(header.config, plugins, feed, models)
    kept = state.get("features")
    if built.session.features is not None and (kept is None or kept["set"] != built.features):
        return None
    built.session.start(built.contexts)
    built.session.journal.drain()
    checkpoint.restore(built, state)
    for row in tape:
        if row.kind == INSTRUMENT and row.batch <= number + 1:
            built.session.apply(row.at, json.loads(row.payload))
    afresh = []
    for part in built.parts:
        own = state["parts"].get(part.name)
        if own is None:
            afresh.append(part.name)
        else:
            part.component.state = codec.decode(own)
    return Begun(header, built, feed, number, seq, tuple(afresh))


def _difference(ledger: Ledger, session: str, told: Retelling) -> str | None:
    """The first record between the beginning of the fold and the batch that the ledger has otherwise, in words."""
    return first_difference(ledger, session, (told.effects,), told.begun.seq, told.batch - 1, told.same)


def first_difference(
    ledger: Ledger, session: str, effects: Sequence[Effects], seq: int, batch: int, same: Same = equal
) -> str | None:
    """The first of the records after number `seq`, up to a batch, that is another in the ledger, in words. `effects`:
    all that the fold made of those."""
    rows: dict[int, Any] = {
        row.seq: row for one in effects for kind in (one.signals, one.orders, one.fills, one.funding, one.plugin_events)
        for row in kind
    }  # fmt: skip
    made = (rows[number] for number in sorted(rows) if number > seq)
    kept = merge(*(ledger.rows(session, kind, from_seq=seq + 1) for kind in KINDS), key=attrgetter("seq"))
    for old, row in zip_longest(takewhile(lambda row: row.batch <= batch, kept), made):
        if old is None or row is None or type(old) is not type(row):
            number = (old or row).seq
            return f"record {number} is {_shown(row)} here, {_shown(old)} in the ledger"
        found = unequal(old, row, may_differ(row), same)
        if found is not None:
            return (
                f"{found.field} of {what(row)} {row.seq} of {whose(row)} is {found.left!r} in the ledger, "
                f"{found.right!r} here"
            )
    return None


def _shown(row: Any) -> str:
    return "nothing" if row is None else f"a {what(row)} of {whose(row)}"
