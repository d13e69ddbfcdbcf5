"""The parts of a session that is put together, as rows of a table: those that are wrong are marked."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from papertape.tui.core.draft import KINDS, OWN, Draft, Problem, Role, parts
from papertape.tui.widgets.table import Cell, Column, Row

SESSION = "session"
"""The key of the row that stands for the session's own values; other rows have their place, those that add a part `+`
and its role."""
COLUMNS = (Column("", most=9), Column("", most=None))
WORDS: Mapping[Role, str] = {
    "feed": "feed",
    "strategies": "strategy",
    "fusion": "fusion",
    "sizer": "sizer",
    "risk": "risk rule",
}
_MANY = ("strategies", "fusion", "risk")


def part_rows(draft: Draft, problems: Sequence[Problem]) -> Iterator[Row]:
    """The session itself, then its parts, role by role."""
    wrong = {one.place.partition(".")[0] if one.place in OWN else one.place for one in problems}
    yield Row(SESSION, (Cell("session"), _marked("cash, length, pace", bool(wrong & {*OWN, ""}))))
    for role in KINDS:
        for place, own, part in parts(draft):
            if own == role:
                name = Path(part.kind).name + (f" ({part.name})" if part.name else "")
                yield Row(place, (Cell(WORDS[role], "faint"), _marked(name, place in wrong)))
        if role in _MANY:
            style = "error" if role in wrong else "faint"
            yield Row(f"+{role}", (Cell("", "faint"), Cell(f"+ add a {WORDS[role]}", style)))


def _marked(text: str, wrong: bool) -> Cell:
    return Cell(f"✗ {text}", "error") if wrong else Cell(text)
