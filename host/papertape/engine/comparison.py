"""A ledger's records held against those of a fold of the same tape."""

from collections.abc import Iterable, Iterator, Set
from itertools import zip_longest
from operator import attrgetter
from typing import Any

from papertape.engine.divergence import (
    ORDER_STATE,
    TOLD,
    Same,
    Unequal,
    equal,
    may_differ,
    numbered,
    unequal,
    what,
    whose,
)
from papertape.ledger.records import Effects, OrderRow, PredictionRow
from papertape.ledger.series import unpack_series
from papertape.ledger.store import Ledger


class Comparison:
    """Holds a ledger's records against those of a fold, in one pass over both. `same`: when values count as equal."""

    def __init__(self, ledger: Ledger, session: str, same: Same = equal) -> None:
        self._same = same
        self._untold = frozenset() if same is equal else TOLD
        self._said = PredictionComparison(ledger, session, same)
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
            if found := self._unequal(old, row, may_differ(old)):
                return found
            if isinstance(old, OrderRow):
                self._orders[old.seq] = old
        self._working.update((order.seq, order) for order in again.orders)
        for seq in [seq for seq, order in self._working.items() if last or order.ended_seq is not None]:
            if found := self._unequal(self._orders.pop(seq), self._working.pop(seq), frozenset()):
                return found
        return self._said.difference(again.predictions, last=last)

    def resized(self) -> str | None:
        """The first order at work, but for legs of brackets, whose quantity is another, for where nothing else is. It
        may change while the order works, so it tells nothing by itself."""
        for seq in sorted(self._working.keys() & self._orders.keys()):
            old, new = self._orders[seq], self._working[seq]
            if new.parent is None and (found := self._unequal(old, new, ORDER_STATE - {"quantity"})):
                return found
        return None

    def _up_to(self, until: int | None) -> Iterator[Any]:
        while self._next is not None and (until is None or self._next.seq <= until):
            yield self._next
            self._next = next(self._kept, None)

    def _unequal(self, old: Any, new: Any, but: Set[str]) -> str | None:
        found = unequal(old, new, but | self._untold, self._same)
        if found is None:
            return None
        return (
            f"number {old.seq}, {_named(old)}: {found.field} is {found.left} in the ledger, {found.right} in the fold"
        )


class PredictionComparison:
    """Holds a ledger's predictions against those of a fold. What happened is compared once it is known in the fold, or
    at the last call: the ledger has the last state of each."""

    def __init__(self, ledger: Ledger, session: str, same: Same) -> None:
        self._same = same
        self._kept = ledger.rows(session, PredictionRow)
        self._open: dict[int, tuple[PredictionRow, PredictionRow]] = {}

    def difference(self, again: Iterable[PredictionRow], *, last: bool) -> str | None:
        """The first difference among those that were made or completed since the last call."""
        for new in sorted(again, key=attrgetter("number")):
            if new.number in self._open:
                old: PredictionRow | None = self._open.pop(new.number)[0]
            else:
                old = next(self._kept, None)
            if old is None or old.number != new.number:
                return f"prediction {new.number} of {new.reference} in batch {new.batch} is not in the ledger as such"
            if new.completed is None:
                self._open[new.number] = old, new
            if found := self._other(old, new, made=new.completed is None):
                return found
        if last:
            for old, new in self._open.values():
                if found := self._other(old, new, made=False):
                    return found
            if (more := next(self._kept, None)) is not None:
                return f"the ledger has prediction {more.number} of {more.reference}, the fold nothing more"
        return None

    def _other(self, old: PredictionRow, new: PredictionRow, *, made: bool) -> str | None:
        numbers = ("said",) if made else ("said", "happened")
        found = unequal(old, new, _LATER if made else _NUMBERS)
        for name in numbers:
            left, right = getattr(old, name), getattr(new, name)
            if found is None and left != right and not self._alike(_numbers(left), _numbers(right)):
                found = Unequal(name, _numbers(left), _numbers(right))
        if found is None:
            return None
        return (
            f"prediction {old.number} of {old.reference} for {old.symbol} in batch {old.batch}: "
            f"{found.field} is {found.left} in the ledger, {found.right} in the fold"
        )

    def _alike(self, left: list[float], right: list[float]) -> bool:
        return len(left) == len(right) and all(map(self._same, left, right))


_NUMBERS = frozenset({"said", "happened"})
_LATER = _NUMBERS | {"completed"}


def _numbers(packed: bytes | None) -> list[float]:
    return [] if packed is None else [float(value) for value in unpack_series(packed)]


def _named(row: Any) -> str:
    return "nothing more" if row is None else f"{what(row)} {row.seq} of {whose(row)} in batch {row.batch}"
