"""The shell around a session: it feeds the step, keeps the pace, commits, obeys the operator, and stops cleanly."""

import gc
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from papertape.contract.errors import BadRow, ConfigError
from papertape.contract.feed import Feed, Note
from papertape.engine import checkpoint, digest
from papertape.engine.build import Built
from papertape.engine.config import SessionConfig
from papertape.engine.tape import COMMAND, canonical
from papertape.ledger.records import CheckpointRow, Effects, EquityRow, NoteRow, TapeRow
from papertape.ledger.series import pack_series, pack_times
from papertape.ledger.store import Ledger
from papertape.ledger.writer import SessionWriter

Status = Literal["finished", "stopped", "failed"]

CHUNK = 256
"""Batches between two looks at the clock, at full pace."""
COMMIT_EVERY = 1.0
"""Seconds between two commits, at full pace; a paced session commits every batch."""
COMMIT_RECORDS = 8_000
"""Records after which it commits all the same, so that its memory does not grow with what it does."""
TIMES_KEPT = 2_048
"""Measured calls of a guest that wait to be counted together; for a few it costs as much as for many."""
YOUNG_OBJECTS = 50_000
"""New objects between two looks of the garbage collector; a chunk of candles alone makes thousands."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast market time passes: `speed` times real time, None for as fast as possible. `commit_every`: batches per
    commit, None for the clock to decide; never less durable, only more or less often."""

    speed: float | None = None
    commit_every: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `error`: why it failed; `failures`: commands that were not carried out, states that cannot be
    kept, and what went wrong in `on_stop`, a line each."""

    status: Status
    error: BadRow | None
    failures: tuple[str, ...]


class Runner:
    """Runs a built session on from its present batch, as the owner of its ledger.

    `progress(batches done)` is told now and then, `published(effects)` after each commit. `stop()` may be called from a
    signal handler or another thread; the step under way is finished first. Raises `LedgerError` when a commit fails:
    the ledger then holds everything up to the commit before, and the session can be resumed from there.
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
        next_entry: int = 1,
        seconds: float = 0.0,
        pace: Pace = Pace(),  # frozen
    ) -> None:
        self.session = built.session
        self.config = config
        self.built = built
        self.feed = feed
        self.ledger = ledger
        self.writer = writer
        self.pace = pace
        self.progress: Callable[[int], None] = lambda done: None
        self.published: Callable[[Effects], None] = lambda effects: None
        self.limit = None if config.bars is None else feed.warmed + config.bars
        self._wake = threading.Event()
        self.ledger_seconds = 0.0
        self.before = seconds
        self._started = self._ended = 0.0
        self._tape = list(tape)
        self._next_entry = next_entry
        self._times: list[int] = []
        self._notes: dict[tuple[str, str, str], NoteRow] = {}
        self._applied: dict[int, int] = {}
        self._refused: list[str] = []

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
        if self.session.journal.batch >= 0:
            self._commit({"status": "running", "error": None})
        try:
            with _seldom_collecting():
                if not (self._fold_at_pace() if self.pace.speed is not None else self._fold_at_full_pace()):
                    status = "stopped"
        except BadRow as bad:
            error, status = bad, "failed"
        self._count_times()
        self._commit({"status": status, "error": None if error is None else str(error)})
        self._ended = time.perf_counter()
        return Ended(status, error, (*self._refused, *checkpoint.unkept(self.built), *self.session.stop()))

    # Stepping

    def _fold_at_full_pace(self) -> bool:
        """False if it was stopped."""
        session = self.session
        committed = time.perf_counter()
        every = self.pace.commit_every
        for times, rows in self._chunks(every or CHUNK):
            before = session.journal.batch
            session.run(times, rows)
            self._times += times[: session.journal.batch - before]
            if session.interrupted:
                return False
            self._count_times(TIMES_KEPT)
            self.progress(session.journal.batch + 1 - session.warmed)
            if every or time.perf_counter() - committed >= COMMIT_EVERY or session.journal.waiting >= COMMIT_RECORDS:
                self._commit({})
                committed = time.perf_counter()
                if not self._obey():
                    return False
        return True

    def _fold_at_pace(self) -> bool:
        """False if it was stopped. Market time is anchored where the run begins."""
        assert self.pace.speed is not None
        anchor: tuple[float, int] | None = None
        for times, rows in self._chunks(1):
            if anchor is None:
                anchor = time.monotonic(), times[0]
            due = anchor[0] + (times[0] - anchor[1]) / 1000 / self.pace.speed
            while (wait := due - time.monotonic()) > 0:
                if self._wake.wait(min(wait, COMMIT_EVERY)) or not self._obey():
                    return False
            self.session.step(times[0], rows[0])
            self._times += times
            self._count_times(TIMES_KEPT)
            self.progress(self.session.journal.batch + 1 - self.session.warmed)
            self._commit({})
            if self.session.interrupted or not self._obey():
                return False
        return True

    def _count_times(self, kept: int = 1) -> None:
        """Counts the measured calls of guests that have `kept` or more waiting."""
        for guard in self.built.guards:
            if len(guard.spent) >= kept:
                guard.fold_times()

    def _chunks(self, size: int) -> Any:
        """The feed's batches in chunks of `size`, up to the session's limit."""
        for block in self.feed.blocks(self.session.journal.batch + 1):
            self._note(block.notes)
            for first in range(0, len(block.times), size):
                left = size if self.limit is None else min(size, self.limit - self.session.journal.batch - 1)
                if left <= 0:
                    return
                yield block.times[first : first + left], block.rows[first : first + left]

    def _note(self, notes: tuple[Note, ...]) -> None:
        for note in notes:
            key = (note.source, note.symbol, note.kind)
            known = self._notes.get(key)
            first, count, example = (
                (known.first_ts, known.count, known.example) if known else (note.first_ts, 0, note.example)
            )
            self._notes[key] = NoteRow(*key, count + note.count, first, note.last_ts, example)

    # The operator

    def _obey(self) -> bool:
        """Puts new commands on the tape, carries them out before the next batch, and commits that; False for `stop`."""
        going_on = True
        journal = self.session.journal
        for row in self.ledger.pending(self.writer.session):
            if row.id in self._applied:
                continue
            self._applied[row.id] = journal.batch
            command = json.loads(row.command)
            if command.get("command") == "stop":
                going_on = False
                continue
            try:
                self.session.apply(journal.now, command)
            except ConfigError as error:
                self._refused.append(f"command {row.id} was not carried out: {error}")
                continue
            self._tape.append(TapeRow(0, journal.batch + 1, journal.now, COMMAND, canonical(command)))
        if self._tape:
            self._commit({})
        return going_on

    # Committing

    def _commit(self, update: Mapping[str, object]) -> None:
        """One transaction: everything since the last one, and a checkpoint."""
        began = time.perf_counter()
        effects = self._effects()
        session = self.session
        self.writer.commit(
            effects,
            {
                "first_ts": session.first_ts,
                "last_ts": session.last_ts,
                "bars": session.candles,
                "snapshots": max(0, session.journal.batch + 1 - session.warmed),
                "seconds": self.seconds,
                "digest": session.digest,
                **update,
            },
            self._applied,
        )
        self._applied = {}
        self.ledger_seconds += time.perf_counter() - began
        self.published(effects)

    def record(self, summary: str) -> None:
        """Keeps the closing document (JSON) with the session, and the time that it took to the last commit."""
        self.writer.commit(Effects(), {"summary": summary, "seconds": self.seconds})

    def _effects(self) -> Effects:
        session, journal = self.session, self.session.journal
        effects = journal.drain()
        effects.tape = [row._replace(number=self._next_entry + offset) for offset, row in enumerate(self._tape)]
        self._next_entry += len(self._tape)
        self._tape = []
        effects.notes = list(self._notes.values())
        count = len(session.curves[0][0])
        if count:
            first, times = journal.batch + 1 - count, pack_times(self._times[-count:])
            for book, (equity, exposure) in zip(session.books, session.curves, strict=True):
                effects.equity.append(
                    EquityRow(book.name, first, count, times, pack_series(equity), pack_series(exposure))
                )
                del equity[:], exposure[:]
        self._times.clear()
        effects.checkpoint = CheckpointRow(
            journal.batch, journal.now, journal.seq, digest.shown(journal.chain), checkpoint.save(self.built)
        )
        return effects


def first_effects(header: TapeRow, built: Built) -> Effects:
    """What opens a session in its ledger: the header of its tape, what `on_start` reported, and a checkpoint before the
    first batch, so that there is always one to go on from."""
    effects = built.session.journal.drain()
    effects.tape = [header]
    journal = built.session.journal
    effects.checkpoint = CheckpointRow(-1, 0, journal.seq, digest.shown(journal.chain), checkpoint.save(built))
    return effects


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Has the garbage collector come less often, and leave out what was there before: both only cost time in a fold,
    whose rows and records hold no cycles. Plugins may make some, so it still comes."""
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if not frozen:
            gc.unfreeze()
