"""The equity curves of all books in one plot."""

from textual.app import ComposeResult

from papertape.tui.core.text import money, percent
from papertape.tui.core.views import SessionView
from papertape.tui.drawing import curve_plot
from papertape.tui.drawing.canvas import Canvas
from papertape.tui.drawing.curve_plot import Curve
from papertape.tui.widgets.paint import Picture, centred
from papertape.tui.widgets.panel import Choice, Panel, hues


class EquityPlot(Picture):
    """The curves; the chosen book's lies on top."""

    view: SessionView | None = None
    choice = Choice()

    def picture(self, width: int, height: int) -> Canvas:
        view = self.view
        if view is None or not any(len(book.line.times) > 1 for book in view.books):
            return centred(width, height, "No equity yet", "Curves begin with the second batch.")
        colours = hues(view)
        ordered = sorted(view.books, key=lambda book: book.name == self.choice.book)
        curves = [
            Curve(book.line, book.letter, colours[book.name] if self.choice.book in (None, book.name) else "faint")
            for book in ordered
        ]
        return curve_plot.draw(curves, width, height, view.start_cash)


class EquityPanel(Panel):
    """Equity of every book over the whole session so far."""

    TITLE = "Equity"

    def compose(self) -> ComposeResult:
        yield EquityPlot()

    def show(self, view: SessionView, choice: Choice) -> None:
        plot = self.query_one(EquityPlot)
        plot.view, plot.choice = view, choice
        plot.redraw()
        book = next((book for book in view.books if book.name == choice.book), None)
        self.entitle(f"{book.name} {money(book.equity)} {percent(book.change)}" if book else "all books")
