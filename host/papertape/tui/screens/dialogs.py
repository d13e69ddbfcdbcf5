"""Dialogs: a question before what cannot be taken back, a choice from a list, and the help."""

from collections.abc import Sequence
from textwrap import fill
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from papertape.tui.core.text import LONGEST
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.table import Column, Row, Table


class Confirm(ModalScreen[bool]):
    """Asks before something is done. True: do it. What is safe has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, words: str, yes: str) -> None:
        super().__init__()
        self.heading, self.words, self.yes = title, words, yes

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = label(self.heading)
            box.border_subtitle = label("y yes, n no")
            yield Static(label(self.words, LONGEST))
            with Horizontal():
                yield Button(label("No"), id="no")
                yield Button(label(self.yes), id="yes", variant="warning")

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


class Pick(ModalScreen[str | None]):
    """A choice of one row from a table; its key, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, title: str, columns: Sequence[Column], rows: Sequence[Row], empty: str = "") -> None:
        super().__init__()
        self.heading, self.columns, self.rows, self.empty = title, columns, rows, empty

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -wide") as box:
            box.border_title = label(self.heading)
            box.border_subtitle = label("enter choose, escape back")
            yield Table(self.columns, self.empty, id="choices")

    def on_mount(self) -> None:
        table = self.query_one(Table)
        table.styles.height = max(1, len(self.rows) + any(column.title for column in self.columns))
        table.show(self.rows)
        table.focus()

    def on_table_chosen(self, event: Table.Chosen) -> None:
        event.stop()
        self.dismiss(event.key)

    def action_leave(self) -> None:
        self.dismiss(None)


class Help(ModalScreen[None]):
    """The keys of the screen below, in groups: a title, then keys and what each does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss", "Close")]

    def __init__(self, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        super().__init__()
        self.groups = groups

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -wide", id="help") as box:
            box.border_title = label("Keys")
            box.border_subtitle = label("escape closes")
            room = max(20, min(90, self.app.size.width) - 12)
            for title, keys in self.groups:
                yield Static(label(title), classes="help-group")
                lines = (
                    fill(words, room, initial_indent=f"  {key:<14}", subsequent_indent=" " * 16) for key, words in keys
                )
                yield Static("\n".join(lines), markup=False)

    async def action_dismiss(self, result: None = None) -> None:
        self.dismiss(None)
