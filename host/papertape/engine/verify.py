"""Verifying a session: its tape folded again, and every record and the digests of all checkpoints compared."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from itertools import zip_longest
from operator import attrgetter
from typing import Any

from papertape.contract.errors import LedgerError
from papertape.engine import codec, digest
from papertape.engine.build import Built, build
from papertape.engine.discovery import Plugins
from papertape.engine.divergence import ORDER_STATE, may_differ, numbered, unequal, what, whose
from papertape.engine.feeding import taped_feed
from papertape.engine.fold import fold
from papertape.engine.session import Session
from papertape.engine.tape import codes, overlay, read_header
from papertape.ledger.records import CheckpointRow, Effects, OrderRow
from papertape.ledger.series import pack_series, unpack_series
from papertape.ledger.store import Ledger, SessionRow


@dataclass(frozen=True, slots=True)
class Verified:
    """What a second fold gave. `digest`: at the newest checkpoint, closing balances included; `recorded`: the ledger's.

    `difference`: the first record that is not the same, in words, None where all is equal. `code`: parts whose code is
    not what the tape names.
    """

    batches: int
    checkpoints: int
    digest: str
    recorded: str
    difference: str | None
    code: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return self.difference is None and self.digest == self.recorded


def verify(ledger: Ledger, session: SessionRow, plugins: Plugins, progress: Callable[[int], None]) -> Verified:
    """Folds the session's tape from its start. Raises `LedgerError` for a session without a checkpoint, and
    `TapeSourceChanged` where a file that the tape names is not the same any more."""
    tape = overlay(ledger, session.id)
    marks = {row.batch: row for row in ledger.rows(session.id, CheckpointRow)}
    if not tape or not marks:
        raise LedgerError(f"session {session.id} has nothing to verify: it holds no checkpoint")
    header = read_header(tape)
    feed = taped_feed(header, plugins, ledger, session.id)
    built = build(header.config, plugins, feed)
    built.session.start(built.contexts)
    changed = tuple(
        sorted(name for name, code in built.code.items() if any(then.get(name) != code for then in codes(tape)))
    )
    compared = Comparison(ledger, session.id)
    last = max(marks)
    for batch in fold(built.session, feed, tape, sorted(marks)):
        progress(batch + 1)
        journal = built.session.journal
        difference = compared.difference(journal.drain(), marks[batch].seq, last=batch == last)
        if difference is None and digest.shown(journal.chain) != marks[batch].digest:
            difference = f"the digest after batch {batch} is another, though all records are the same: it was altered"
            if resized := compared.resized():
                difference += f", or an order was made with another quantity: {resized}"
        if difference is None:
            difference = _other_marks(ledger, session.id, built.session) or _other_feature(marks[batch], built)
        if difference is not None:
            return _verified(built, marks, session, difference, changed)
        for equity, exposure in built.session.curves:
            del equity[:], exposure[:]
    return _verified(built, marks, session, None, changed)


def _other_marks(ledger: Ledger, name: str, session: Session) -> str | None:
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
                at, old, new = next((at, old, new) for at, (old, new) in enumerate(pairs) if old != new)
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


class Comparison:
    """Holds a ledger's numbered records against those of a fold, in one pass over both."""

    def __init__(self, ledger: Ledger, session: str) -> None:
        self._kept = numbered(ledger, session)
        self._next = next(self._kept, None)
        self._seq = 0
        self._orders: dict[int, OrderRow] = {}  # the ledger's, as long as they work in the fold
        self._working: dict[int, OrderRow] = {}  # the fold's

    def difference(self, again: Effects, until: int, *, last: bool) -> str | None:
        """The first difference, with both values, among the records up to number `until` that were not compared yet.

        An order's row shows its last state in the ledger, so what can change is compared once it has ended in the fold,
        or at the last call.
        """
        new = [row for row in again.orders if row.seq > self._seq]
        folded: list[Any] = sorted(
            [*again.signals, *new, *again.fills, *again.funding, *again.plugin_events], key=attrgetter("seq")
        )
        self._seq = until
        for old, row in zip_longest(self._up_to(None if last else until), folded):
            if old is None or row is None or type(old) is not type(row):
                return f"the ledger has {_named(old)}, the fold {_named(row)}"
            if found := _unequal(old, row, may_differ(old)):
                return found
            if isinstance(old, OrderRow):
                self._orders[old.seq] = old
        self._working.update((order.seq, order) for order in again.orders)
        for seq in [seq for seq, order in self._working.items() if last or order.ended_seq is not None]:
            if found := _unequal(self._orders.pop(seq), self._working.pop(seq), frozenset()):
                return found
        return None

    def resized(self) -> str | None:
        """The first order at work, but for legs of brackets, whose quantity is another, for where nothing else is. It
        may change while the order works, so it tells nothing by itself."""
        for seq in sorted(self._working.keys() & self._orders.keys()):
            old, new = self._orders[seq], self._working[seq]
            if new.parent is None and (found := _unequal(old, new, ORDER_STATE - {"quantity"})):
                return found
        return None

    def _up_to(self, until: int | None) -> Iterator[Any]:
        while self._next is not None and (until is None or self._next.seq <= until):
            yield self._next
            self._next = next(self._kept, None)


def _unequal(old: Any, new: Any, but: Set[str]) -> str | None:
    found = unequal(old, new, but)
    if found is None:
        return None
    return f"number {old.seq}, {_named(old)}: {found.field} is {found.left} in the ledger, {found.right} in the fold"


def _named(row: Any) -> str:
    return "nothing more" if row is None else f"{what(row)} {row.seq} of {whose(row)} in batch {row.batch}"


def _verified(
    built: Built, marks: dict[int, CheckpointRow], session: SessionRow, difference: str | None, changed: tuple[str, ...]
) -> Verified:
    journal = built.session.journal
    return Verified(journal.batch + 1, len(marks), built.session.digest, session.digest, difference, changed)
