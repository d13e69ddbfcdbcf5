"""Whether what a fold has done is what the ledger holds: record by record, over a stretch of a session."""

from collections.abc import Sequence
from heapq import merge
from itertools import takewhile, zip_longest
from operator import attrgetter
from typing import Any, Final

from papertape.engine.divergence import Same, equal, may_differ, unequal, what, whose
from papertape.ledger.records import Effects, FillRow, FundingRow, OrderRow, PluginEventRow, SignalRow
from papertape.ledger.store import Ledger

KINDS: Final[tuple[type[Any], ...]] = (SignalRow, OrderRow, FillRow, FundingRow, PluginEventRow)


def first_difference(
    ledger: Ledger, session: str, effects: Sequence[Effects], seq: int, batch: int, same: Same = equal
) -> str | None:
    """The first of the records after number `seq`, up to a batch, that is another in the ledger, in words. `effects`:
    all that the fold made of those."""
    rows: dict[int, Any] = {
        row.seq: row for one in effects for kind in (one.signals, one.orders, one.fills, one.funding, one.plugin_events)
        for row in kind
    }  # fmt: skip
    made = (rows[number] for number in sorted(rows) if number > seq)
    kept = merge(*(ledger.rows(session, kind, from_seq=seq + 1) for kind in KINDS), key=attrgetter("seq"))
    for old, row in zip_longest(takewhile(lambda row: row.batch <= batch, kept), made):
        if old is None or row is None or type(old) is not type(row):
            number = (old or row).seq
            return f"record {number} is {_shown(row)} here, {_shown(old)} in the ledger"
        found = unequal(old, row, may_differ(row), same)
        if found is not None:
            return (
                f"{found.field} of {what(row)} {row.seq} of {whose(row)} is {found.left!r} in the ledger, "
                f"{found.right!r} here"
            )
    return None


def _shown(row: Any) -> str:
    return "nothing" if row is None else f"a {what(row)} of {whose(row)}"
