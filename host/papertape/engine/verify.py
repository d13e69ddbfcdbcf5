"""Verifying a session: its tape folded again, and every record and the digests of all checkpoints compared.

Predictions of models have the same bits only on the same processor with the same libraries. Where the tape says that
these were others, figures need only be close, and no digest is asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from papertape.contract.errors import LedgerError
from papertape.engine import codec, digest
from papertape.engine.build import Built, build
from papertape.engine.comparison import Comparison
from papertape.engine.discovery import Plugins
from papertape.engine.divergence import Same, close, equal
from papertape.engine.feeding import taped_feed
from papertape.engine.fold import fold
from papertape.engine.models import Models, models_of
from papertape.engine.session import Session
from papertape.engine.tape import Header, codes, fingerprints, overlay, read_header
from papertape.ledger.records import CheckpointRow, TapeRow
from papertape.ledger.series import pack_series, unpack_series
from papertape.ledger.store import Ledger, SessionRow


@dataclass(frozen=True, slots=True)
class Verified:
    """What a second fold gave. `digest`: at the newest checkpoint, closing balances included; `recorded`: the ledger's.

    `difference`: the first record that is not the same, in words, None where all is equal. `code`: parts whose code is
    not what the tape names. `elsewhere`: on what else than here the models' predictions were made, in words; figures
    are then compared within 1e-6, and the digest is not.
    """

    batches: int
    checkpoints: int
    digest: str
    recorded: str
    difference: str | None
    code: tuple[str, ...]
    elsewhere: str | None = None

    @property
    def equal(self) -> bool:
        return self.difference is None and (self.elsewhere is not None or self.digest == self.recorded)


def verify(ledger: Ledger, session: SessionRow, plugins: Plugins, progress: Callable[[int], None]) -> Verified:
    """Folds the session's tape from its start. Raises `LedgerError` for a session without a checkpoint, and
    `TapeSourceChanged` where a file that the tape names is not the same any more."""
    tape = overlay(ledger, session.id)
    marks = {row.batch: row for row in ledger.rows(session.id, CheckpointRow)}
    if not tape or not marks:
        raise LedgerError(f"session {session.id} has nothing to verify: it holds no checkpoint")
    header = read_header(tape)
    with models_of(header.config, plugins, ledger, header.models) as models:
        return _verify(ledger, session, plugins, progress, tape, marks, header, models)


def _verify(
    ledger: Ledger,
    session: SessionRow,
    plugins: Plugins,
    progress: Callable[[int], None],
    tape: list[TapeRow],
    marks: dict[int, CheckpointRow],
    header: Header,
    models: Models,
) -> Verified:
    feed = taped_feed(header, plugins, ledger, session.id, models)
    built = build(header.config, plugins, feed, models)
    built.session.start(built.contexts)
    changed = tuple(
        sorted(name for name, code in built.code.items() if any(then.get(name) != code for then in codes(tape)))
    )
    elsewhere = other_machine(fingerprints(tape), models.fingerprint())
    same: Same = equal if elsewhere is None else close
    compared = Comparison(ledger, session.id, same)
    last = max(marks)
    for batch in fold(built.session, feed, tape, sorted(marks)):
        progress(batch + 1)
        journal = built.session.journal
        difference = compared.difference(journal.drain(), marks[batch].seq, last=batch == last)
        if difference is None and elsewhere is None and digest.shown(journal.chain) != marks[batch].digest:
            difference = f"the digest after batch {batch} is another, though all records are the same: it was altered"
            if resized := compared.resized():
                difference += f", or an order was made with another quantity: {resized}"
        if difference is None:
            difference = _other_marks(ledger, session.id, built.session, same)
        if difference is None and elsewhere is None:
            difference = _other_feature(marks[batch], built)
        if difference is not None:
            return _verified(built, marks, session, difference, changed, elsewhere)
        for equity, exposure in built.session.curves:
            del equity[:], exposure[:]
    return _verified(built, marks, session, None, changed, elsewhere)


def other_machine(recorded: Iterable[Mapping[str, Any]], here: Mapping[str, Any]) -> str | None:
    """In what a machine on which predictions were recorded is another than this one, in words; None where it is not."""
    for there in recorded:
        for name in sorted({*there, *here}):
            if there.get(name) != here.get(name):
                return f"{name} was {there.get(name)}, here it is {here.get(name)}"
    return None


def _other_marks(ledger: Ledger, name: str, session: Session, same: Same) -> str | None:
    """The first mark of a book since the last checkpoint that the ledger has otherwise, in words."""
    count = len(session.curves[0][0])
    if not count:
        return None
    first = session.journal.batch + 1 - count
    kept = ledger.marks(name, first)
    for book, curves in zip(session.books, session.curves, strict=True):
        row = kept.get(book.name)
        if row is None or row.count != count:
            return f"the ledger has no {count} marks of {book.name} from batch {first} on"
        for mark, packed, values in zip(("equity", "exposure"), (row.equity, row.exposure), curves, strict=True):
            if packed != pack_series(values):
                pairs = zip(unpack_series(packed).tolist(), values, strict=True)
                for at, (old, new) in enumerate(pairs):
                    if not same(old, new):
                        return f"{mark} of {book.name} in batch {first + at} is {old} in the ledger, {new} in the fold"
    return None


def _other_feature(kept: CheckpointRow, built: Built) -> str | None:
    """The first feature of a checkpoint that has another value in the fold, in words; of one whose state is kept."""
    engine = built.session.features
    if engine is None or not kept.state:
        return None
    state = codec.decode(kept.state).get("features")
    if state is None or state["set"] != built.features or (found := engine.difference(state)) is None:
        return None
    name, symbol, old, new = found
    return f"feature {name} of {symbol} in batch {kept.batch} is {old!r} in the ledger, {new!r} in the fold"


def _verified(
    built: Built,
    marks: dict[int, CheckpointRow],
    session: SessionRow,
    difference: str | None,
    changed: tuple[str, ...],
    elsewhere: str | None,
) -> Verified:
    batches = built.session.journal.batch + 1
    return Verified(batches, len(marks), built.session.digest, session.digest, difference, changed, elsewhere)
