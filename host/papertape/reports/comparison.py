"""Two recorded sessions side by side: the first thing in which they differ, with both values, and what they came to.

A record's number counts the records of all books, so numbers are not compared where the books are not the same; what
refers to another record (a fill to its order) must refer to one that is the same in both.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from operator import itemgetter
from typing import Any, NamedTuple

from papertape.contract.errors import LedgerError
from papertape.engine.divergence import ORDER_STATE, UNTOLD, Unequal, unequal, whose
from papertape.engine.tape import Header, overlay, read_header
from papertape.ledger.records import OrderRow
from papertape.ledger.store import Ledger, SessionRow
from papertape.reports.circumstances import Setting, held, other_code, other_settings, other_sources
from papertape.reports.deeds import Deed, deeds
from papertape.reports.differing import Difference, Names, of_balance, of_deeds, of_lengths
from papertape.reports.lockstep import lockstep
from papertape.reports.markets import Tape, compare_tapes
from papertape.reports.summary import summarise

NO_BOOK = ""
"""Stands for what the books share, such as the fees, where it fails."""

_NUMBERS = frozenset({"seq", "ended_seq"})
_REFERENCES = ("order", "signal", "parent")
_STEADY = frozenset(OrderRow._fields) - ORDER_STATE
_NOT_COMPARED = {
    "signal": _NUMBERS,
    "order": _NUMBERS | ORDER_STATE | {*_REFERENCES},
    "refusal": _NUMBERS | {*_REFERENCES},
    "fill": _NUMBERS | {*_REFERENCES},
    "plugin event": _NUMBERS | UNTOLD,
    "end": _NUMBERS | _STEADY,
    "state": _NUMBERS | _STEADY,
}


class BookPair(NamedTuple):
    """A book that both sessions have: its figures in each, as in the summary, and where it first differs."""

    name: str
    a: dict[str, Any]
    b: dict[str, Any]
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sessions compared. `difference`: the first one. `records`: how many are equal before its batch, in the books
    of both; `candles`: of how many batches before it, None where the tapes do not hold them. `settings`, `sources`,
    `code`: under what else they ran, which alone is no difference."""

    names: Names
    difference: Difference | None
    books: tuple[BookPair, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    records: int
    candles: int | None
    settings: tuple[Setting, ...]
    sources: tuple[Setting, ...]
    code: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return self.difference is None and not self.only_a and not self.only_b


def compare(ledger: Ledger, a: SessionRow, b: SessionRow, progress: Callable[[int], None]) -> Compared:
    """Compares what two sessions of a ledger did, each as of its newest checkpoint; `progress` is told batches.

    Raises `LedgerError` for a session without a checkpoint, `SessionDiffers` for one without a header.
    """
    names = Names(a.id, b.id)
    ours, theirs = _Side.of(ledger, a), _Side.of(ledger, b)
    last = min(ours.last, theirs.last)
    shared = [name for name in ours.books if name in theirs.books]
    market = compare_tapes(ledger, names, ours.tape, theirs.tape, last)
    records = _Records(names, shared, {*ours.books, *theirs.books}, market.difference)
    for batch, done, again in lockstep(deeds(ledger, a.id, last), deeds(ledger, b.id, last)):
        progress(batch)
        if ours.last != theirs.last:  # what works at the end is no matter where one went on
            done, again = ([deed for deed in each if deed.kind != "state"] for each in (done, again))
        records.take(batch, done, again)
    balances = {
        name: None if ours.last != theirs.last else _balance(names, last, name, ours.books[name], theirs.books[name])
        for name in shared
    }
    firsts = (market.difference, records.first, *balances.values())
    length = of_lengths(names, ours.last, theirs.last) if ours.last != theirs.last else None
    return Compared(
        names,
        min(filter(None, firsts), key=_moment, default=length),
        tuple(
            BookPair(name, ours.books[name], theirs.books[name], records.found.get(name) or balances[name])
            for name in shared
        ),
        tuple(name for name in ours.books if name not in theirs.books),
        tuple(name for name in theirs.books if name not in ours.books),
        records.equal,
        market.batches,
        tuple(other_settings(ours.header, theirs.header)),
        tuple(other_sources(ours.header, theirs.header)),
        tuple(other_code(ours.tape.overlay, theirs.tape.overlay)),
    )


class _Side(NamedTuple):
    """One of the sessions: its tape, the number of its last batch, and its books' figures by name."""

    header: Header
    tape: Tape
    last: int
    books: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, ledger: Ledger, row: SessionRow) -> "_Side":
        entries = overlay(ledger, row.id)
        kept = ledger.checkpoint(row.id)
        if not entries or kept is None:
            raise LedgerError(f"session {row.id} has nothing to compare: it holds no checkpoint")
        header = read_header(entries)
        books = {book["name"]: book for book in summarise(ledger, row)["books"]}
        return cls(header, Tape(entries, held(row.id, header)), kept.batch, books)


class _Records:
    """Holds the records of two sessions against each other, book by book, one batch after the other.

    `found`: the first difference of each book that has one; `first`: of all. `equal`: how many records were equal in
    the batches before it, and before the one of `tape`, a difference of the tapes.
    """

    def __init__(self, names: Names, shared: Sequence[str], books: set[str], tape: Difference | None) -> None:
        self.names = names
        self.books = books
        self.found: dict[str, Difference] = {}
        self.first: Difference | None = None
        self.equal = 0
        self._open = {*shared, *([NO_BOOK] if len(shared) == len(books) else [])}
        self._until = math.inf if tape is None else _moment(tape)[0]
        self._numbers: dict[int, int] = {}  # of what is the same but has another number in the second session

    def take(self, batch: int, done: Sequence[Deed], again: Sequence[Deed]) -> None:
        """The next batch of which there is anything."""
        ours, theirs = self._by_owner(done), self._by_owner(again)
        same = 0
        apart: list[tuple[float, Difference]] = []
        for owner in [owner for owner in dict.fromkeys([*ours, *theirs]) if owner in self._open]:
            for a, b in zip_longest(ours.get(owner, ()), theirs.get(owner, ())):
                found = self._unequal(a, b)
                if a is None or b is None or a.kind != b.kind or found is not None:
                    self._open.remove(owner)
                    self.found[owner] = of_deeds(self.names, batch, a, b, found)
                    apart.append((_number(a or b), self.found[owner]))
                    break
                same += a.kind not in ("end", "state")
        if apart and self.first is None:
            self.first = min(apart, key=itemgetter(0))[1]
        if self.first is None and batch < self._until:
            self.equal += same

    def _by_owner(self, deeds: Sequence[Deed]) -> dict[str, list[Deed]]:
        found: dict[str, list[Deed]] = {}
        for deed in deeds:
            owner = whose(deed.row).partition("/")[0]  # a part of a book is called BOOK/PART
            found.setdefault(owner if owner in self.books else NO_BOOK, []).append(deed)
        return found

    def _unequal(self, a: Deed | None, b: Deed | None) -> Unequal | None:
        if a is None or b is None or a.kind != b.kind:
            return None
        found = unequal(a.row, b.row, _NOT_COMPARED[a.kind])
        if found is not None or a.kind in ("end", "state"):
            return found
        for name in _REFERENCES:
            if name in a.row._fields:
                left, right = getattr(a.row, name), getattr(b.row, name)
                if self._numbers.get(left, left) != right:
                    return Unequal(name, left, right)
        if a.row.seq != b.row.seq:
            self._numbers[a.row.seq] = b.row.seq
        return None


def _number(deed: Deed | None) -> float:
    """Where a deed stands in its session."""
    assert deed is not None
    if deed.kind == "state":
        return math.inf
    return float(deed.row.ended_seq if deed.kind == "end" else deed.row.seq)


def _moment(difference: Difference) -> tuple[int, int]:
    """What came first: an event stands before its batch, and what it does belongs to the batch before."""
    if difference.what == "event":
        return difference.batch - 1, 1
    return difference.batch, {"candle": 0, "balance": 3}.get(difference.what, 2)


def _balance(names: Names, batch: int, book: str, a: dict[str, Any], b: dict[str, Any]) -> Difference | None:
    ours, theirs = ({"cash": each["cash"], **each["positions"], "equity": each["equity"]} for each in (a, b))
    for key in dict.fromkeys([*ours, *theirs]):
        if ours.get(key) != theirs.get(key):
            return of_balance(names, batch, book, key, ours.get(key), theirs.get(key))
    return None
