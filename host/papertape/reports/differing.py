"""The thing in which two sessions differ, in words and as values."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from papertape.broker.money import plain
from papertape.engine.divergence import Unequal, whose
from papertape.market.timeframe import iso
from papertape.reports.deeds import Deed

_TIMES = ("at", "effective", "expires", "ended_at", "ts")


class Names(NamedTuple):
    """What the two sessions are called."""

    a: str
    b: str


class Difference(NamedTuple):
    """One difference. `what`: candle, event, signal, order, refusal, fill, plugin event, balance or length; `of`: its
    book, plugin or symbol. `field`: where the values `a` and `b` stand, None where one session has nothing there.
    `at`: ms UTC. `text` says it all in a sentence."""

    batch: int
    at: int | None
    what: str
    of: str | None
    field: str | None
    a: Any
    b: Any
    text: str

    def document(self) -> dict[str, Any]:
        """JSON values; money and quantities as plain decimal strings."""
        return self._asdict() | {"a": _value(self.a), "b": _value(self.b)}


def of_values(
    names: Names, batch: int, at: int | None, what: str, of: str | None, subject: str, found: Unequal
) -> Difference:
    """`found` in something that both sessions have."""
    text = (
        f"{_when(batch, at)}: {subject}: {found.field} is {shown(found.left, found.field)} in {names.a}, "
        f"{shown(found.right, found.field)} in {names.b}"
    )
    return Difference(batch, at, what, of, found.field, found.left, found.right, text)


def of_lack(names: Names, batch: int, at: int | None, what: str, of: str | None, a: str, b: str) -> Difference:
    """What each session has in a place, in words: they do not have the same."""
    text = f"{_when(batch, at)}: {names.a} has {a}, {names.b} has {b}"
    return Difference(batch, at, what, of, None, a, b, text)


def of_deeds(names: Names, batch: int, a: Deed | None, b: Deed | None, found: Unequal | None) -> Difference:
    """Two deeds that are not the same, or one where the other session has none; `found` where they are of a kind."""
    one = a or b
    assert one is not None
    kind = _kind(one)
    of = whose(one.row)
    if a is not None and b is not None and found is not None:
        other = f" ({b.row.seq} in {names.b})" if b.row.seq != a.row.seq else ""
        subject = f"{kind} {a.row.seq}{other} of {_owner(a)}"
        return of_values(names, batch, _moment(a), kind, of, subject, found)
    return of_lack(names, batch, _moment(one), kind, of, _told(a), _told(b))


def of_lengths(names: Names, a: int, b: int) -> Difference:
    """Sessions that are equal as far as both go; numbers of their last batches."""
    longer, last = (names.a, a) if a > b else (names.b, b)
    text = f"{names.b if a > b else names.a} ends after batch {min(a, b)}, {longer} goes on to batch {last}"
    return Difference(min(a, b), None, "length", None, "batch", a, b, text)


def of_balance(names: Names, batch: int, book: str, key: str, a: Any, b: Any) -> Difference:
    """A closing figure of a book."""
    text = f"at the close, batch {batch}: {key} of book {book} is {_amount(a)} in {names.a}, {_amount(b)} in {names.b}"
    return Difference(batch, None, "balance", book, key, a, b, text)


def shown(value: object, field: str = "") -> str:
    """A value for people.

    >>> shown(Decimal("42011.50")), shown(1_704_067_200_000, "at"), shown(None), shown("")
    ('42,011.5', '2024-01-01T00:00:00Z', 'nothing', "''")
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return iso(value) if field in _TIMES else f"{value:,}"
    if isinstance(value, float):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{Decimal(plain(value)):,f}"
    return str(value) or "''"


def _when(batch: int, at: int | None) -> str:
    return f"batch {batch}" if at is None else f"batch {batch}, {iso(at)}"


def _moment(deed: Deed) -> int | None:
    return deed.row.ended_at if deed.kind == "end" else None if deed.kind == "state" else deed.row.at


def _owner(deed: Deed) -> str:
    return f"book {deed.row.book}" if "book" in deed.row._fields else whose(deed.row)


def _told(deed: Deed | None) -> str:
    if deed is None:
        return "nothing more in this batch"
    row = deed.row
    match deed.kind:
        case "signal":
            words = f"{row.action} {row.symbol}"
        case "fill":
            words = f"{row.side} {shown(row.quantity)} {row.symbol} at {shown(row.price)}"
        case "plugin event":
            words = f"{row.kind}, {row.message}"
        case "order" | "refusal":
            words = f"{row.side} {shown(row.quantity)} {row.symbol}, {row.type}"
        case "end":
            words = row.status
        case "state":
            words = "still works"
    because = f", {row.reason}" if deed.kind in ("refusal", "end") and row.reason else ""
    return f"{_kind(deed)} {row.seq} of {_owner(deed)} ({words}{because})"


def _kind(deed: Deed) -> str:
    """What a deed is of: that an order ends is about the order."""
    return "order" if deed.kind in ("end", "state") else deed.kind


def _amount(value: Any) -> str:
    return shown(Decimal(value) if isinstance(value, str) else value)


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return dict(value) if isinstance(value, Mapping) else value
