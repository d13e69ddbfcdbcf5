"""Verifying a session: its tape folded again, and the digest compared at every checkpoint."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from operator import attrgetter
from typing import Any

from papertape.contract.errors import LedgerError
from papertape.engine import digest
from papertape.engine.build import Built, build, make_feed
from papertape.engine.discovery import Plugins
from papertape.engine.fold import fold
from papertape.engine.tape import commands_by_batch, read_header
from papertape.ledger.records import CheckpointRow, Effects, FillRow, OrderRow, PluginEventRow, SignalRow, TapeRow
from papertape.ledger.store import Ledger, SessionRow

KINDS = (SignalRow, OrderRow, FillRow, PluginEventRow)


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
    header = read_header(tape[0])
    feed = make_feed(header.config, plugins, header.feed)
    built = build(header.config, plugins, feed)
    built.session.start(built.contexts)
    changed = tuple(sorted(name for name, code in built.code.items() if header.code.get(name) != code))
    commands = commands_by_batch(tape)
    before = 0
    for batch in fold(built.session, feed, commands, sorted(marks)):
        progress(batch + 1)
        effects = built.session.journal.drain()
        if digest.shown(built.session.journal.chain) != marks[batch].digest:
            difference = first_difference(ledger, session.id, effects, before, marks[batch].seq)
            return _verified(built, marks, session, difference, changed)
        before = built.session.journal.seq
        del built.session.times[:]
        for equity, exposure in built.session.curves:
            del equity[:], exposure[:]
    return _verified(built, marks, session, None, changed)


def first_difference(ledger: Ledger, session: str, again: Effects, after: int, until: int) -> str:
    """The first record with a number in (after, until] on which ledger and fold disagree, with both values."""
    kept = chain.from_iterable(_between(ledger, session, kind, after, until) for kind in KINDS)
    folded: Iterable[Any] = chain[Any](again.signals, again.orders, again.fills, again.plugin_events)
    pairs: Iterable[tuple[Any, Any]] = zip_longest(
        sorted(kept, key=attrgetter("seq")), sorted(folded, key=attrgetter("seq"))
    )
    for old, new in pairs:
        if old is None or new is None or type(old) is not type(new):
            return f"the ledger has {_named(old)}, the fold {_named(new)}"
        # An order's row shows its latest state in the ledger, and that may be later than this checkpoint.
        fields = [name for name in old._fields if name not in _LATER or not isinstance(old, OrderRow)]
        for name in fields:
            if name != "traceback" and getattr(old, name) != getattr(new, name):
                return (
                    f"number {old.seq}, {_named(old)}: {name} is {getattr(old, name)} in the ledger, "
                    f"{getattr(new, name)} in the fold"
                )
    return f"the records between numbers {after} and {until} are the same, the chain is not: the ledger was altered"


_LATER = {"status", "filled", "reason", "ended_seq", "ended_at", "stop_price", "quantity"}


def _between(ledger: Ledger, session: str, kind: Any, after: int, until: int) -> Iterator[Any]:
    for row in ledger.rows(session, kind, from_seq=after + 1):
        if row.seq > until:
            return
        yield row


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
