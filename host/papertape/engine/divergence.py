"""Where two records of a kind stop being the same: what verifying a session and comparing two of them share."""

from collections.abc import Callable, Iterator, Mapping, Set
from decimal import Decimal
from heapq import merge
from math import isclose
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple

from papertape.ledger.records import FillRow, FundingRow, OrderRow, PluginEventRow, SignalRow
from papertape.ledger.store import Ledger

ORDER_STATE = frozenset({"status", "filled", "reason", "ended_seq", "ended_at", "stop_price", "quantity"})
"""What of an order may change after it was made: its row shows the last state."""

UNTOLD = frozenset({"message", "traceback"})
"""What of a plugin event is not compared: an exception may name a place in memory."""

TOLD = frozenset({"reason", "metadata", "message", "note"})
"""Texts in which figures are spelt out: not compared where the figures need only be close."""

CLOSE: Final = 1e-6
"""How far numbers may be apart, relative to the larger, that come of predictions made on another machine."""

Numbered = Literal["signal", "order", "fill", "funding payment", "plugin event"]

_WHAT: Mapping[type[Any], Numbered] = {
    SignalRow: "signal", OrderRow: "order", FillRow: "fill", FundingRow: "funding payment",
    PluginEventRow: "plugin event",
}  # fmt: skip


class Unequal(NamedTuple):
    """The first field that two records have not in common, and both values."""

    field: str
    left: Any
    right: Any


Same = Callable[[Any, Any], bool]
"""Whether two values count as the same."""


def equal(left: Any, right: Any) -> bool:
    """Whether two values are equal in every bit that the ledger keeps."""
    return bool(left == right)


def close(left: Any, right: Any) -> bool:
    """Whether two values are equal, or numbers that are close: what verifying goes by on another machine."""
    if isinstance(left, (float, Decimal)) and isinstance(right, (float, Decimal)):
        return left == right or isclose(float(left), float(right), rel_tol=CLOSE)
    return bool(left == right)


def unequal(left: Any, right: Any, but: Set[str] = frozenset(), same: Same = equal) -> Unequal | None:
    """The first field in which two records of one kind differ, those in `but` left out; None if they are equal."""
    for name in left._fields:
        if name not in but and not same(getattr(left, name), getattr(right, name)):
            return Unequal(name, getattr(left, name), getattr(right, name))
    return None


def numbered(ledger: Ledger, session: str) -> Iterator[Any]:
    """All records of a session that have a number (`seq`), in its order, streaming."""
    return merge(*(ledger.rows(session, kind) for kind in _WHAT), key=attrgetter("seq"))


def what(row: Any) -> Numbered:
    """What a record is, in words."""
    return _WHAT[type(row)]


def whose(row: Any) -> str:
    """The book, the source of signals, or the plugin that a record is of."""
    return str(getattr(row, "book", None) or getattr(row, "source", None) or row.plugin)


def may_differ(row: Any) -> Set[str]:
    """What two equal records need not have in common while a session is under way."""
    if isinstance(row, OrderRow):
        return ORDER_STATE
    return UNTOLD if isinstance(row, PluginEventRow) else frozenset()
