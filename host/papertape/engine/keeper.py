"""What a run has done and not committed yet, and the committing of it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from papertape.contract.feed import Block, Note
from papertape.engine import checkpoint, digest
from papertape.engine.build import Built
from papertape.engine.checkpoint import Spent
from papertape.engine.tape import block_rows, canonical, numbered
from papertape.ledger.records import CheckpointRow, Effects, EquityRow, NoteRow, TapeRow
from papertape.ledger.series import pack_series, pack_times
from papertape.ledger.writer import SessionWriter

ANCHOR_EVERY: Final = 0.25
"""Seconds of stepping after which a checkpoint keeps its state: about what a fold from there to any later batch takes
at most, and with it an answer to `papertape why`."""


MEASURE_EVERY = 1.0
"""Seconds between two looks at how long calls of components take."""


class Keeper:
    """Collects tape entries, notes, the closes of batches (`times`) and obeyed commands (`applied`: batch by id) for
    the next commit. `seconds`: time spent in commits, `stepping`: in steps since a checkpoint last was an anchor."""

    def __init__(
        self,
        built: Built,
        writer: SessionWriter,
        tape: Iterable[TapeRow],
        next_entry: int,
        notes: Iterable[NoteRow] = (),
    ) -> None:
        self.built = built
        self.writer = writer
        self.tape = list(tape)
        self.times: list[int] = []
        self.applied: dict[int, int] = {}
        self.seconds = 0.0
        self.stepping = 0.0
        self.anchor_every = ANCHOR_EVERY
        self._spent: Sequence[Spent] = ()
        self._measured_at = 0.0
        self._next_entry = next_entry
        self._notes = {note[:3]: note for note in notes}

    def note(self, notes: Iterable[Note]) -> None:
        """Adds to what is counted of the data."""
        _count(self._notes, notes)

    def put(self, kind: str, document: Mapping[str, object]) -> None:
        """Puts an entry on the tape, before the next batch."""
        journal = self.built.session.journal
        self.tape.append(TapeRow(0, journal.batch + 1, journal.now, kind, canonical(document)))

    def commit_tape(self) -> None:
        """Makes what has come durable, before it is stepped, with what was noted of it: the tape does not say that."""
        began = time.perf_counter()
        self.writer.commit(Effects(tape=self._numbered(), notes=list(self._notes.values())))
        self.seconds += time.perf_counter() - began

    def commit(self, update: Mapping[str, object]) -> Effects:
        """One transaction: everything since the last one, a checkpoint, and `update` of the session's row."""
        began = time.perf_counter()
        effects = self._effects()
        session = self.built.session
        figures = {
            "first_ts": session.first_ts,
            "last_ts": session.last_ts,
            "bars": session.candles,
            "snapshots": max(0, session.journal.batch + 1 - session.warmed),
            "digest": session.digest,
        }
        self.writer.commit(effects, figures | dict(update), self.applied)
        self.applied = {}
        self.seconds += time.perf_counter() - began
        return effects

    def _numbered(self, measured: Sequence[TapeRow] = ()) -> list[TapeRow]:
        entries, self.tape = numbered([*measured, *self.tape], self._next_entry), []
        self._next_entry += len(entries)
        return entries

    def _effects(self) -> Effects:
        session, journal = self.built.session, self.built.session.journal
        effects = journal.drain()
        effects.tape = self._numbered(effects.tape)
        effects.notes = list(self._notes.values())
        count = len(session.curves[0][0])
        if count:
            first, times = journal.batch + 1 - count, pack_times(self.times[-count:])
            for book, (equity, exposure) in zip(session.books, session.curves, strict=True):
                effects.equity.append(
                    EquityRow(book.name, first, count, times, pack_series(equity), pack_series(exposure))
                )
                del equity[:], exposure[:]
        self.times.clear()
        effects.checkpoint = _checkpoint(self.built, self._measured())
        if self.stepping >= self.anchor_every:
            effects.anchor, self.stepping = True, 0.0
        return effects

    def _measured(self) -> Sequence[Spent]:
        """What every guard has measured, as of a second ago at most: to count it costs as much as some batches."""
        if time.perf_counter() - self._measured_at >= MEASURE_EVERY:
            self._measured_at = time.perf_counter()
            for guard in self.built.guards:
                guard.fold_times()
            self._spent = [
                (guard.calls, guard.percentile_us(0.5), guard.percentile_us(0.99)) for guard in self.built.guards
            ]
        return self._spent


def first_effects(header: TapeRow, built: Built, warm_up: Block) -> Effects:
    """What opens a session in its ledger: the header of its tape, what a live one warms up on, what `on_start`
    reported, and a checkpoint before the first batch, so that there is always one to go on from."""
    effects = built.session.journal.drain()
    effects.tape = numbered([header, *block_rows(warm_up, built.session.market.symbols, 0)], 0)
    notes: dict[tuple[str, str, str], NoteRow] = {}
    _count(notes, warm_up.notes)
    effects.notes = list(notes.values())
    effects.checkpoint = _checkpoint(built)
    return effects


def _count(counts: dict[tuple[str, str, str], NoteRow], notes: Iterable[Note]) -> None:
    for note in notes:
        key = (note.source, note.symbol, note.kind)
        known = counts.get(key)
        first, count, example = (
            (known.first_ts, known.count, known.example) if known else (note.first_ts, 0, note.example)
        )
        counts[key] = NoteRow(*key, count + note.count, first, note.last_ts, example)


def _checkpoint(built: Built, spent: Sequence[Spent] = ()) -> CheckpointRow:
    journal = built.session.journal
    state = checkpoint.save(built, spent)
    return CheckpointRow(journal.batch, journal.now, journal.seq, digest.shown(journal.chain), state)
