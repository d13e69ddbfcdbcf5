"""The dialog in which a component is chosen: names, and what the one under the cursor does."""

import inspect
from collections.abc import Mapping
from typing import Any

from textual.widgets import Static

from papertape.engine.registered import Registered
from papertape.tui.core.text import LONGEST
from papertape.tui.screens.dialogs import Pick
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.table import Cell, Column, Row, Table

_COLUMNS = (Column("name", most=24), Column("what it does", most=None))


class PickComponent(Pick):
    """A choice among components by name, whose first paragraph stands below in whole."""

    def __init__(self, title: str, offered: Mapping[str, Registered]) -> None:
        self.told = {name: purpose(part.object) for name, part in offered.items()}
        rows = [Row(name, (Cell(name, "strong"), Cell(words))) for name, words in self.told.items()]
        super().__init__(title, _COLUMNS, rows)

    def on_mount(self) -> None:
        first = next(iter(self.told.values()), "")
        self.query_one(".dialog").mount(Static(label(first, LONGEST), classes="told"))

    def on_table_pointed(self, event: Table.Pointed) -> None:
        event.stop()
        self.query_one(".told", Static).update(label(self.told.get(event.key, ""), LONGEST))


def purpose(component: Any) -> str:
    """The first paragraph of what a component says of itself, on one line, without marks of code."""
    return " ".join(inspect.cleandoc(component.__doc__ or "").partition("\n\n")[0].replace("`", "").split())
