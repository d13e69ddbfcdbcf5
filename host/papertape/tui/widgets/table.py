"""A table of styled texts: columns that give way to each other, a cursor, and rows by the thousand."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from papertape.tui.core.text import aligned, cells, cut, shown
from papertape.tui.drawing.canvas import Run
from papertape.tui.widgets.paint import Painted

_GAP = 2
_LOOSE = 24
"""Cells that a column without a most has, before others give way to it."""


class Column(NamedTuple):
    """A column. `most`: cells it may take, None for all that is left. `rank`: where there is too little room, the
    columns of the highest rank go first; those of rank 0 stay."""

    title: str
    right: bool = False
    most: int | None = 24
    rank: int = 0


class Cell(NamedTuple):
    """A text as it came, and the name of its style."""

    text: str
    style: str = ""


class Row(NamedTuple):
    """A row by its key. A row with `spans` is one text over all columns, in its first cell."""

    key: str
    cells: tuple[Cell, ...]
    spans: bool = False


@dataclass
class _OfTable(Message):
    """What a table tells; `@on(Table.Chosen, "#books")` hears the one of that table alone."""

    table: "Table"

    @property
    def control(self) -> "Table":
        return self.table


class Table(ScrollView, Painted, can_focus=True):
    """Rows under a head. The cursor stays on its key where rows come, go or are sorted. `empty`: what is said where
    there are none, on as many lines as it has."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "ends(0)", show=False),
        Binding("end", "ends(1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    @dataclass
    class Chosen(_OfTable):
        """A row was chosen by Enter, or by a click on where the cursor was."""

        key: str

    @dataclass
    class Pointed(_OfTable):
        """The cursor went to another row."""

        key: str

    @dataclass
    class Headed(_OfTable):
        """A column's title was clicked."""

        column: int

    def __init__(self, columns: Sequence[Column], empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty = empty
        self.rows: tuple[Row, ...] = ()
        self.sorted_by: int | None = None
        self.key: str | None = None
        self._above = 1 if any(column.title for column in columns) else 0
        self._widths: list[int] = []
        self._arranged = -1

    def show(self, rows: Sequence[Row], sorted_by: int | None = None) -> None:
        """Puts other rows in place of those there are. `sorted_by`: the column to mark as deciding their order."""
        place, before = self.place, self._outline
        changed = [
            at for at, (old, new) in enumerate(zip_longest(self.rows, rows)) if old is not new and old != new
        ]  # what stays is not painted anew
        self.rows, self.sorted_by = tuple(rows), sorted_by
        keys = [row.key for row in self.rows]
        if self.key not in keys:
            self.key = keys[min(place, len(keys) - 1)] if keys and self.key is not None else keys[0] if keys else None
        if changed or before != self._outline:
            self._arrange()
        if before != self._outline:
            self.refresh()
        elif seen := [at for at in changed if 0 <= at - self.scroll_offset.y < self.size.height]:
            self.refresh(*(Region(0, at + self._above - self.scroll_offset.y, self.size.width, 1) for at in seen))

    @property
    def _outline(self) -> tuple[object, ...]:
        """What all lines depend on."""
        return (self._widths, self._arranged, self.sorted_by, self.key, len(self.rows))

    @property
    def place(self) -> int:
        """Where the cursor is, from 0."""
        return next((place for place, row in enumerate(self.rows) if row.key == self.key), 0)

    # Drawing

    def _arrange(self) -> None:
        self._arranged = self.scrollable_content_region.width
        self._widths = widths(self.columns, self.rows, self._arranged, self.sorted_by)
        self.virtual_size = Size(1, len(self.rows) + self._above)  # whatever its width: another one lays out all anew

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if width != self._arranged:  # a scroll bar has come or gone
            self._arrange()
        if not self.rows:
            words = self.empty.split("\n")
            return self.strip([(cut(words[y], width), "faint")] if y < len(words) else (), width)
        if y < self._above:
            return self.strip(self._head(), width)
        place = y - self._above + self.scroll_offset.y
        if place >= len(self.rows):
            return self.strip((), width)
        row = self.rows[place]
        chosen = row.key == self.key and self.has_focus
        return self.strip(self._line(row, width), width, self.named("chosen") if chosen else None)

    def _head(self) -> list[Run]:
        runs = []
        for place, (column, room) in enumerate(zip(self.columns, self._widths, strict=False)):
            if room:
                mark = "▾" if place == self.sorted_by else ""
                runs += [(aligned(cut(column.title, room - len(mark)) + mark, room, column.right), "head"),
                         (" " * _GAP, "")]  # fmt: skip
        return runs

    def _line(self, row: Row, width: int) -> list[Run]:
        if row.spans:
            return [(shown(row.cells[0].text, width), row.cells[0].style)]
        runs = []
        for column, room, cell in zip(self.columns, self._widths, row.cells, strict=False):
            if room:
                runs += [(aligned(shown(cell.text, room), room, column.right), cell.style), (" " * _GAP, "")]
        return runs

    # The cursor

    def action_move(self, by: int) -> None:
        if self.rows:
            self._go(self.place + by)

    def action_page(self, by: int) -> None:
        if self.rows:
            self._go(self.place + by * max(1, self.size.height - self._above - 1))

    def action_ends(self, last: int) -> None:
        if self.rows:
            self._go(len(self.rows) - 1 if last else 0)

    def action_choose(self) -> None:
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))

    def on_click(self, event: events.Click) -> None:
        if event.y < self._above:
            at = 0
            for place, room in enumerate(self._widths):
                if room and at <= event.x < at + room + _GAP:
                    self.post_message(self.Headed(self, place))
                at += room + _GAP if room else 0
            return
        place = event.y - self._above + self.scroll_offset.y
        if place < len(self.rows):
            same = self.rows[place].key == self.key
            self._go(place)
            if same:
                self.action_choose()

    def _go(self, place: int) -> None:
        place = min(max(place, 0), len(self.rows) - 1)
        if self.key != self.rows[place].key:
            self.key = self.rows[place].key
            self.post_message(self.Pointed(self, self.key))
        top, room = self.scroll_offset.y, max(1, self.size.height - self._above)
        if place < top:
            self.scroll_to(y=place, animate=False)
        elif place >= top + room:
            self.scroll_to(y=place - room + 1, animate=False)
        self.refresh()


def widths(columns: Sequence[Column], rows: Sequence[Row], room: int, sorted_by: int | None = None) -> list[int]:
    """Cells for each column, 0 for one that gives way. What is left goes to those without a most."""
    plain = [row for row in rows if not row.spans]
    wanted = []
    for place, column in enumerate(columns):
        longest = max((cells(row.cells[place].text, column.most) for row in plain), default=0)
        least = cell_len(column.title) + (1 if place == sorted_by else 0)
        wanted.append(max(longest if column.most is None else min(longest, column.most), least))
    kept = list(range(len(columns)))

    def needed() -> int:
        return sum(
            min(wanted[place], _LOOSE) if columns[place].most is None else wanted[place] for place in kept
        ) + _GAP * (len(kept) - 1)

    while needed() > room and (loose := [place for place in kept if columns[place].rank]):
        kept.remove(max(loose, key=lambda place: columns[place].rank))
    given = [wanted[place] if place in kept else 0 for place in range(len(columns))]
    over = sum(given) + _GAP * (len(kept) - 1) - room
    for place in sorted(kept, key=lambda place: (columns[place].most is not None, -given[place])):
        if over > 0:
            less = min(over, max(0, given[place] - 6))
            given[place] -= less
            over -= less
    return given
