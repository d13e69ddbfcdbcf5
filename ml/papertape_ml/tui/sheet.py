"""The sheets of the models screen: which there are, and the frame that each stands in."""

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical

from papertape.tui.widgets.paint import label
from papertape.tui.widgets.table import Column, Row, Table
from papertape_ml.tui import live_sheet, sheets
from papertape_ml.tui.shelf import Line

SHEETS: Mapping[str, tuple[tuple[Column, ...], str]] = {
    "About": (sheets.ABOUT, ""),
    "Figures": (sheets.FIGURES, "Its manifest holds no figures."),
    "Gates": (sheets.GATES, "No gates have been put to it here: p asks for champion, and shows what each says."),
    "Live": (live_sheet.LIVE, ""),
    "History": (sheets.HISTORY, "No alias has moved yet."),
    "Sessions": (sheets.SESSIONS, "No session has asked it yet."),
}


class Sheet(Vertical):
    """A framed table about the version under the cursor."""

    def __init__(self, title: str, columns: tuple[Column, ...], empty: str) -> None:
        super().__init__(classes="panel")
        self.border_title = label(title)
        self.heading, self.columns, self.empty = title, columns, empty

    def compose(self) -> ComposeResult:
        yield Table(self.columns)

    def say(self, about: Line | None, rows: list[Row]) -> None:
        """Shows other rows, about a version."""
        self.border_title = label("  ".join(filter(None, (self.heading, about and str(about)))), 50)
        table = self.query_one(Table)
        empty = sheets.sentences("nothing", self.empty if about else "", "faint")
        table.empty = "\n".join(row.cells[0].text for row in empty)
        table.show(rows)
        if not rows:
            table.refresh()
