"""Verifying a session: its tape folded again, and every record and the digests of all checkpoints compared."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import zip_longest
from operator import attrgetter
from typing import Any

from papertape.contract.errors import LedgerError
from papertape.engine import digest
from papertape.engine.build import Built, build, make_feed
from papertape.engine.discovery import Plugins
from papertape.engine.fold import fold
from papertape.engine.tape import codes, commands_by_batch, read_header
from papertape.ledger.records import CheckpointRow, Effects, FillRow, OrderRow, PluginEventRow, SignalRow, TapeRow
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
    tape = list(ledger.rows(session.id, TapeRow))
    marks = {row.batch: row for row in ledger.rows(session.id, CheckpointRow)}
    if not tape or not marks:
        raise LedgerError(f"session {session.id} has nothing to verify: it holds no checkpoint")
    header = read_header(tape)
    feed = make_feed(header.config, plugins, header.feed)
    built = build(header.config, plugins, feed)
    built.session.start(built.contexts)
    changed = tuple(
        sorted(name for name, code in built.code.items() if any(then.get(name) != code for then in codes(tape)))
    )
    compared = Comparison(ledger, session.id)
    last = max(marks)
    for batch in fold(built.session, feed, commands_by_batch(tape), sorted(marks)):
        progress(batch + 1)
        journal = built.session.journal
        difference = compared.difference(journal.drain(), marks[batch].seq, last=batch == last)
        if difference is None and digest.shown(journal.chain) != marks[batch].digest:
            difference = f"the digest after batch {batch} is another, though all records are the same: it was altered"
        if difference is not None:
            return _verified(built, marks, session, difference, changed)
        for equity, exposure in built.session.curves:
            del equity[:], exposure[:]
    return _verified(built, marks, session, None, changed)


class Comparison:
    """Holds a ledger's numbered records against those of a fold, in one pass over both."""

    KINDS = (SignalRow, OrderRow, FillRow, PluginEventRow)

    def __init__(self, ledger: Ledger, session: str) -> None:
        kept = [ledger.rows(session, kind) for kind in self.KINDS]
        self._kept: Iterator[Any] = merge(*kept, key=attrgetter("seq"))
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
        folded: list[Any] = sorted([*again.signals, *new, *again.fills, *again.plugin_events], key=attrgetter("seq"))
        self._seq = until
        for old, row in zip_longest(self._up_to(None if last else until), folded):
            if old is None or row is None or type(old) is not type(row):
                return f"the ledger has {_named(old)}, the fold {_named(row)}"
            if found := _unequal(old, row, _MAY_DIFFER[type(old)]):
                return found
            if isinstance(old, OrderRow):
                self._orders[old.seq] = old
        self._working.update((order.seq, order) for order in again.orders)
        for seq in [seq for seq, order in self._working.items() if last or order.ended_seq is not None]:
            if found := _unequal(self._orders.pop(seq), self._working.pop(seq), frozenset()):
                return found
        return None

    def _up_to(self, until: int | None) -> Iterator[Any]:
        while self._next is not None and (until is None or self._next.seq <= until):
            yield self._next
            self._next = next(self._kept, None)


_MAY_DIFFER: Mapping[type[Any], frozenset[str]] = {
    SignalRow: frozenset(),
    OrderRow: frozenset({"status", "filled", "reason", "ended_seq", "ended_at", "stop_price", "quantity"}),
    FillRow: frozenset(),
    PluginEventRow: frozenset({"message", "traceback"}),  # an exception may name a place in memory
}


def _unequal(old: Any, new: Any, but: frozenset[str]) -> str | None:
    for name in old._fields:
        if name not in but and getattr(old, name) != getattr(new, name):
            return (
                f"number {old.seq}, {_named(old)}: {name} is {getattr(old, name)} in the ledger, "
                f"{getattr(new, name)} in the fold"
            )
    return None


def _named(row: Any) -> str:
    if row is None:
        return "nothing more"
    what = type(row).__name__.removesuffix("Row").lower()
    whose = getattr(row, "book", None) or getattr(row, "source", None) or getattr(row, "plugin", "")
    return f"{what} {row.seq} of {whose} in batch {row.batch}"


def _verified(
    built: Built, marks: dict[int, CheckpointRow], session: SessionRow, difference: str | None, changed: tuple[str, ...]
) -> Verified:
    journal = built.session.journal
    return Verified(journal.batch + 1, len(marks), built.session.digest, session.digest, difference, changed)
