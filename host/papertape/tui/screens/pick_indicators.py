"""The dialog in which indicators are chosen: found by typing, switched on and off one by one."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from papertape.contract.errors import PapertapeError
from papertape.tui.core.indicators import Choosable, Study
from papertape.tui.core.text import shown
from papertape.tui.widgets.line import Line
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.studies import MOST
from papertape.tui.widgets.table import Cell, Column, Row, Table

COLUMNS = (Column("", most=1), Column("indicator", most=30), Column("what it is", most=None))


class PickIndicators(ModalScreen[tuple[str, ...]]):
    """Gives the titles that are switched on when it is left. `find(title)` raises what is wrong with one that is not
    among the choices."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "done", "Done"),
        Binding("down", "list", show=False),
        Binding("slash", "type", show=False),
    ]

    def __init__(self, choices: Sequence[Choosable], on: Sequence[str], find: Callable[[str], object]) -> None:
        super().__init__()
        self.choices, self.find = tuple(choices), find
        self.chosen = list(on)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -wide") as box:
            box.border_title = label("Indicators")
            box.border_subtitle = label("type to find, enter on or off, escape done")
            yield Line(placeholder="a name, such as rsi or ema_33")
            yield Table(COLUMNS, "Nothing of that name.", id="indicators")

    def on_mount(self) -> None:
        self.query_one(Table).styles.height = 16
        self._list()

    def _list(self) -> None:
        words = self.query_one(Input).value.lower().split()
        known = {one.study.title: one for one in self.choices}
        own = [known.get(title, Choosable(Study(title, (title,)), "")) for title in self.chosen]
        others = [one for one in self.choices if one.study.title not in self.chosen]
        found = [one for one in (*own, *others) if all(word in f"{one.study.title} {one.words}" for word in words)]
        first = [one for one in found if words and one.study.title.startswith(words[0])] if len(words) == 1 else []
        rows = [self._row(one) for one in dict.fromkeys((*first, *found))]
        self.query_one(Table).show(rows)

    def _row(self, one: Choosable) -> Row:
        title = one.study.title
        on = title in self.chosen
        return Row(title, (Cell("✓" if on else "", "good"), Cell(title, "strong" if on else ""), Cell(one.words)))

    def on_input_changed(self, event: Input.Changed) -> None:
        table = self.query_one(Table)
        table.key = None
        self._list()

    @on(Input.Submitted)
    def take_first(self) -> None:
        """Switches what was typed, where it is a name, else the first that was found."""
        typed, table = self.query_one(Input).value.strip(), self.query_one(Table)
        title = typed if typed and typed not in [row.key for row in table.rows] and not table.rows else table.key
        if title is not None:
            self._switch(title)

    @on(Table.Chosen)
    def take(self, event: Table.Chosen) -> None:
        event.stop()
        self._switch(event.key)

    def _switch(self, title: str) -> None:
        if title in self.chosen:
            self.chosen.remove(title)
        elif len(self.chosen) >= MOST:
            self.notify(f"{MOST} are the most that a chart shows: switch one off", severity="warning")
        else:
            try:
                self.find(title)
            except PapertapeError as error:
                self.notify(shown(error), severity="error", markup=False)
                return
            self.chosen.append(title)
        self._list()

    def on_key(self, event: events.Key) -> None:
        """Typing goes to the line, wherever the keyboard is."""
        line = self.query_one(Input)
        if not line.has_focus and event.is_printable and event.character is not None and event.character != " ":
            event.stop()
            line.focus()
            line.insert_text_at_cursor(event.character)

    def action_list(self) -> None:
        self.query_one(Table).focus()

    def action_type(self) -> None:
        self.query_one(Input).focus()

    def action_done(self) -> None:
        self.dismiss(tuple(self.chosen))
