"""The leaderboard of books."""

from collections.abc import Callable, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.strip import Strip

from papertape.tui.core.text import money, number, percent, price, shown
from papertape.tui.core.views import BookView, PositionView, SessionView
from papertape.tui.drawing.canvas import Run
from papertape.tui.drawing.curve_plot import spark
from papertape.tui.widgets.paint import Painted
from papertape.tui.widgets.panel import Choice, Panel, hues, signed
from papertape.tui.widgets.table import Cell, Column, Row, Table

SPARK = 12
"""Columns of a small curve."""
COLUMNS = (
    Column("", most=2),
    Column("book", most=20),
    Column("equity", right=True),
    Column("return", right=True),
    Column("max dd", right=True, rank=1),
    Column("sharpe", right=True, rank=4),
    Column("trades", right=True, rank=2),
    Column("exposed", right=True, rank=3),
    Column("", most=SPARK, rank=5),
)
_ORDERS: dict[int, Callable[[BookView], Any]] = {
    3: lambda book: -book.change,
    1: lambda book: book.name,
    2: lambda book: -book.equity,
    4: lambda book: book.max_drawdown,
    5: lambda book: -(book.sharpe if book.sharpe is not None else float("-inf")),
    6: lambda book: -book.trades,
    7: lambda book: -book.exposure,
}
"""What each column sorts by, in the order in which a key goes through them."""


class BooksPanel(Panel):
    """Every book's figures; Enter on one narrows the other panels to it."""

    TITLE = "Books"

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.order = 3
        self._view: SessionView | None = None
        self._choice = Choice()

    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, "No book has been marked yet.", id="leaderboard")
        yield About(id="about")

    def show(self, view: SessionView, choice: Choice) -> None:
        self._view, self._choice = view, choice
        table = self.query_one(Table)
        colours = hues(view)
        books = sorted(view.books, key=_ORDERS[self.order])
        table.show([_row(book, colours[book.name], book.name == choice.book) for book in books], self.order)
        self.set_class(self.size.height > len(books) + 9, "-roomy")
        self._tell()
        part = f"history {view.read:.0%}" if view.read < 1.0 else ""
        self.entitle(part)

    def on_resize(self) -> None:
        if self._view is not None:
            self.show(self._view, self._choice)

    def sort(self, column: int | None = None) -> str:
        """Sorts by a column, or by the next one; gives its title."""
        known = list(_ORDERS)
        self.order = known[(known.index(self.order) + 1) % len(known)] if column is None else column
        if self._view is not None:
            self.show(self._view, self._choice)
        return COLUMNS[self.order].title

    def _tell(self) -> None:
        """Tells of the chosen book, or of the one under the cursor."""
        name = self._choice.book or self.query_one(Table).key
        about = self.query_one(About)
        about.book = next((book for book in self._view.books if book.name == name), None) if self._view else None
        about.held = [one for one in self._view.positions if one.book == name] if self._view else []
        if self.has_class("-roomy"):  # elsewhere it is not shown, and another height would lay out all anew
            about.styles.height = 2 + len(about.lines())
            about.refresh()

    def on_table_pointed(self, event: Table.Pointed) -> None:
        event.stop()
        self._tell()

    def on_table_headed(self, event: Table.Headed) -> None:
        event.stop()
        if event.column in _ORDERS:
            self.sort(event.column)


class About(Painted):
    """What there is to know of one book, where the leaderboard leaves room."""

    book: BookView | None = None
    held: Sequence[PositionView] = ()

    def lines(self) -> list[list[Run]]:
        """The lines, each as runs of styled text."""
        book = self.book
        if book is None:
            return []
        kind = "fusion" if book.fusion else "strategy"
        status = [] if book.status == "ok" else [(f"  {book.status}", "warning")]
        unknown = [("  sharpe from 30 days on", "faint")] if book.sharpe is None else []
        lines: list[list[Run]] = [
            [(book.name, "strong"), (f"  {kind}", "faint"), *status],
            [("cash ", "faint"), (money(book.cash), ""), ("  fees ", "faint"), (money(book.fees), "")] + unknown,
        ]
        for one in self.held:
            side = "long" if one.quantity > 0 else "short"
            lines.append(
                [
                    (f"{side} ", "up" if one.quantity > 0 else "down"),
                    (f"{number(abs(one.quantity))} {shown(one.symbol)} @ {price(one.entry)}  ", ""),
                    (f"{one.profit:+,.2f}", signed(one.profit)),
                ]
            )
        lines += [[("nothing held", "faint")]] if not self.held else []
        lines += [[("! ", "warning"), (shown(sentence), "warning")] for sentence in book.standing]
        return lines

    def render_line(self, y: int) -> Strip:
        lines = self.lines()
        return self.strip(lines[y] if y < len(lines) else (), self.size.width)


def _row(book: BookView, colour: str, chosen: bool) -> Row:
    mark = {"ok": "", "disabled": " off", "quarantined": " out"}.get(book.status, f" {book.status}")
    halted = " !" if book.standing else ""
    name = f"{'»' if chosen else ''}{book.name}{mark}{halted}"
    style = "warning" if mark or halted else "strong" if book.fusion or chosen else ""
    return Row(
        book.name,
        (
            Cell(book.letter, colour),
            Cell(name, style),
            Cell(money(book.equity)),
            Cell(percent(book.change), signed(book.change)),
            Cell(percent(-book.max_drawdown, signed=False), "down" if book.max_drawdown else ""),
            Cell("–" if book.sharpe is None else f"{book.sharpe:.2f}", "" if book.sharpe else "faint"),
            Cell(f"{book.trades:,}"),
            Cell(f"{book.exposure:.0%}", "" if book.exposure else "faint"),
            Cell(spark(book.line.values, SPARK), colour),
        ),
    )
