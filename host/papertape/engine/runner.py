"""The shell around a session: it feeds the step, keeps the pace, commits, obeys the operator, and stops cleanly."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from papertape.contract.candle import Row
from papertape.contract.errors import BadRow
from papertape.contract.feed import Block, Event, Feed, LiveFeed
from papertape.engine import checkpoint
from papertape.engine.build import Built
from papertape.engine.collecting import seldom_collecting
from papertape.engine.config import SessionConfig
from papertape.engine.events import apply, carry_out
from papertape.engine.fold import CHUNK, first_batches, stretches
from papertape.engine.foresight import Look, foresight
from papertape.engine.inbox import Inbox
from papertape.engine.keeper import Keeper
from papertape.engine.pacing import FULL, Pace, Pacing, pace_word
from papertape.engine.pickup import Pickup
from papertape.engine.recorded import RECORDED, RecordedFeed
from papertape.engine.standpoint import standpoint
from papertape.engine.tape import MODEL, PACE, block_rows, last_pace, overlay, read_header
from papertape.ledger.records import Effects, NoteRow, TapeRow
from papertape.ledger.store import Ledger
from papertape.ledger.writer import SessionWriter

Status = Literal["finished", "stopped", "failed"]

COMMIT_EVERY = 0.3
"""Seconds between two commits, at full pace; a paced session commits every batch."""
COMMIT_RECORDS = 8_000
"""Records after which it commits all the same, so that its memory does not grow with what it does."""
TIMES_KEPT = 2_048
"""Measured calls of a guest that wait to be counted together; for a few it costs as much as for many."""
LISTEN_EVERY = 0.1
"""Seconds between two looks into the inbox while a paced session waits."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `error`: why it failed; `failures`: commands that were not carried out, states that cannot be
    kept, and what went wrong in `on_stop`, a line each."""

    status: Status
    error: BadRow | None
    failures: tuple[str, ...]


class Runner:
    """Runs a built session on from its present batch, as the owner of its ledger.

    `progress(batches done)` is told now and then, `published(effects)` after each commit, `told(line)` what happens to
    a live feed's connection and to models, `heard(event)` what the feed has put on the tape. `stop()` may be called
    from a signal handler or another thread; the step under way is finished first. Raises `LedgerError` when a commit
    fails: the ledger then holds everything up to the commit before, and the session can be resumed from there.
    """

    def __init__(
        self,
        config: SessionConfig,
        built: Built,
        feed: Feed,
        ledger: Ledger,
        writer: SessionWriter,
        *,
        tape: tuple[TapeRow, ...] = (),
        seconds: float = 0.0,
        pace: Pace = FULL,
    ) -> None:
        self.session = built.session
        self.config = config
        self.built = built
        self.feed = feed
        self.ledger = ledger
        self.writer = writer
        self.pace = pace
        self.pacing = Pacing(pace.speed)
        self.progress: Callable[[int], None] = lambda done: None
        self.published: Callable[[Effects], None] = lambda effects: None
        self.told: Callable[[str], None] = lambda line: None
        self.heard: Callable[[Event], None] = lambda event: None
        self.limit = None if config.bars is None else built.session.warmed + config.bars
        self._wake = threading.Event()
        self.before = seconds
        self._started = self._ended = 0.0
        # A live feed tells each only once; another tells them again when it is read again.
        noted = ledger.rows(writer.session, NoteRow) if isinstance(feed, LiveFeed) else ()
        self.keeper = Keeper(built, writer, tape, ledger.next_entry(writer.session), noted)
        self.inbox = self._inbox()
        self.pickup: Pickup | None = None
        self._look: Look = lambda batches: None

    def stop(self) -> None:
        """Asks for a clean end after the step under way."""
        self.session.interrupted = True
        self._wake.set()

    @property
    def seconds(self) -> float:
        """Running time over all runs of the session, until the last commit of this one or now."""
        if not self._started:
            return self.before
        return self.before + (self._ended or time.perf_counter()) - self._started

    def run(self) -> Ended:
        """Steps until the feed ends, the limit is reached, somebody stops it, or a row is bad."""
        error: BadRow | None = None
        status: Status = "finished"
        self._started = time.perf_counter()
        self._begin_pace()
        if self.session.journal.batch >= 0:
            self._commit({"status": "running", "error": None})
        try:
            with seldom_collecting(), self._models():
                if not self._fold():
                    status = "stopped"
        except BadRow as bad:
            error, status = bad, "failed"
        self._count_times()
        self._commit({"status": status, "error": None if error is None else str(error)})
        self._ended = time.perf_counter()
        return Ended(status, error, (*self.inbox.refused, *checkpoint.unkept(self.built), *self.session.stop()))

    # Stepping

    @contextmanager
    def _models(self) -> Iterator[None]:
        """With models, a session that goes with the time picks up those that move, and any other looks ahead; so does
        the replay of a recorded session at any pace, where the versions are those of its tape. A pace that changes
        meanwhile changes nothing of that."""
        serving = self.session.serving
        if serving is not None and (
            isinstance(self.feed, LiveFeed) or (self.pace.speed is not None and self.config.feed.kind != RECORDED)
        ):
            with closing(Pickup(serving, self.built.asked.models, demotes=self.config.allow_demote)) as self.pickup:
                yield
        else:
            with foresight(self.session) as self._look:
                yield

    def _fold(self) -> bool:
        """False if it was stopped."""
        if isinstance(self.feed, LiveFeed):
            return self._follow(self.feed)
        return self._replay()

    def _follow(self, feed: LiveFeed) -> bool:
        """Follows a live market; False if it was stopped. What comes is on the tape before anything is done with it,
        so what is there already goes first: the warm-up of a new session, or what an end came between."""
        name = self.writer.session
        recorded = RecordedFeed(self.ledger, name, read_header(overlay(self.ledger, name)))
        for block in recorded.blocks(self.session.journal.batch + 1):
            if not self._live(block):
                return False
        if self._left() == 0:
            return True
        with closing(feed.follow(standpoint(self.session, self.ledger, name))) as blocks:
            for found in blocks:
                for line in feed.news():
                    self.told(line)
                if found is None:
                    if self.session.interrupted or not self._obey():
                        return False
                    continue
                block = first_batches(found, self._left())
                self.keeper.note(block.notes)
                self.keeper.tape += block_rows(block, feed.symbols, self.session.journal.batch + 1)
                self.keeper.commit_tape()
                if not self._live(block):
                    return False
                if self._left() == 0:
                    return True
        return True

    def _live(self, block: Block) -> bool:
        """Steps through batches that are on the tape; False if it was stopped."""
        for events, times, rows in stretches(block, CHUNK):
            carry_out(self.session, events)
            for event in events:
                self.heard(event)
            before, began = self.session.journal.batch, time.perf_counter()
            self.session.run(times, rows)
            self.keeper.stepping += time.perf_counter() - began
            self.keeper.times += times[: self.session.journal.batch - before]
            if not self._settled():
                return False
        return True

    def _settled(self) -> bool:
        """Counts, tells and commits what has just been stepped; False if the session is to stop."""
        self._count_times(TIMES_KEPT)
        self.progress(self.session.journal.batch + 1 - self.session.warmed)
        self._commit({})
        return not self.session.interrupted and self._obey()

    def _left(self) -> int | None:
        """How many batches the session has before it, None for no end of them."""
        return None if self.limit is None else max(0, self.limit - self.session.journal.batch - 1)

    def _replay(self) -> bool:
        """Steps through a feed that waits for nobody, at the pace of the moment: one batch after the other, or whole
        stretches where that is full. False if it was stopped."""
        committed = time.perf_counter()
        for events, times, rows in self._chunks(self.pace.commit_every or CHUNK):
            place = 0
            while place < len(times):
                if not self._awaited(times[place]):
                    return False
                carry_out(self.session, events)
                events = []
                if self.pacing.speed is None:
                    if not self._stretch(times[place:], rows[place:]):
                        return False
                    place = len(times)
                    if self._is_time(committed):
                        self._commit({})
                        committed = time.perf_counter()
                        if not self._obey():
                            return False
                    continue
                began = time.perf_counter()
                self.session.step(times[place], rows[place])
                self.keeper.stepping += time.perf_counter() - began
                self.keeper.times.append(times[place])
                self.pacing.took()
                place += 1
                if not self._settled():
                    return False
        return True

    def _awaited(self, due: int) -> bool:
        """Waits until the batch that closes at `due` (ms UTC) may be taken, and obeys meanwhile; False to stop."""
        while (wait := self.pacing.wait(due, time.monotonic())) > 0:
            if self._wake.wait(min(wait, LISTEN_EVERY)) or not self._obey():
                return False
        return True

    def _stretch(self, times: Sequence[int], rows: Sequence[tuple[Row | None, ...]]) -> bool:
        """Steps through batches at full pace; False if it was stopped."""
        session = self.session
        before, began = session.journal.batch, time.perf_counter()
        self._look(rows)
        session.run(times, rows)
        self.keeper.stepping += time.perf_counter() - began
        self.keeper.times += times[: session.journal.batch - before]
        if session.interrupted:
            return False
        self._count_times(TIMES_KEPT)
        self.progress(session.journal.batch + 1 - session.warmed)
        return True

    def _is_time(self, committed: float) -> bool:
        """Whether a session at full pace should commit, which it last did then."""
        if self.pace.commit_every or self.session.journal.waiting >= COMMIT_RECORDS:
            return True
        return time.perf_counter() - committed >= COMMIT_EVERY

    def _begin_pace(self) -> None:
        """Puts the pace of this run on the tape, where that says another: whoever looks on knows it from there."""
        self.pacing = Pacing(self.pace.speed)
        self.inbox = self._inbox()
        word = pace_word(self.pace.speed)
        if not isinstance(self.feed, LiveFeed) and word != last_pace(self.ledger, self.writer.session):
            self.keeper.put(PACE, {"command": "pace", "pace": word})

    def _inbox(self) -> Inbox:
        pacing = None if isinstance(self.feed, LiveFeed) else self.pacing
        return Inbox(self.ledger, self.writer.session, self.session, self.keeper, pacing)

    def _count_times(self, kept: int = 1) -> None:
        """Counts the measured calls of guests that have `kept` or more waiting."""
        for guard in self.built.guards:
            if len(guard.spent) >= kept:
                guard.fold_times()

    def _chunks(self, size: int) -> Any:
        """The feed's batches in chunks of `size`, up to the session's limit, each with the events before its first."""
        for block in self.feed.blocks(self.session.journal.batch + 1):
            self.keeper.note(block.notes)
            for events, times, rows in stretches(block, size):
                left = self._left()
                if left == 0:
                    return
                yield events, times[:left], rows[:left]

    # The operator

    def _obey(self) -> bool:
        """Carries out what an operator asks before the next batch, and commits that; False for `stop`."""
        going_on = self.inbox.obey()
        if self.pickup is not None:
            self._pick_up(self.pickup)
        if self.keeper.tape:
            self._commit({})
        return going_on

    def _pick_up(self, pickup: Pickup) -> None:
        """Puts versions that have become ready on the tape: they answer from the next batch on."""
        journal = self.session.journal
        for found in pickup.changes(journal.now, journal.batch):
            if isinstance(found, str):
                self.told(found)
                continue
            event, line = found
            apply(self.session, journal.now, event)
            self.keeper.put(MODEL, event)
            self.told(line)

    # Committing

    def _commit(self, update: Mapping[str, object]) -> None:
        """One transaction: everything since the last one, and a checkpoint."""
        self.published(self.keeper.commit({"seconds": self.seconds, **update}))

    def record(self, summary: str) -> None:
        """Keeps the closing document (JSON) with the session, and the time that it took to the last commit."""
        self.writer.commit(Effects(), {"summary": summary, "seconds": self.seconds})
