"""From whatever is under the cursor of the session screen to why it is so."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from papertape.market.timeframe import period
from papertape.tui.core.question import Question, of_row
from papertape.tui.core.views import SessionView
from papertape.tui.screens.why import WhyScreen
from papertape.tui.widgets.chart import CandlePlot
from papertape.tui.widgets.panel import Choice
from papertape.tui.widgets.table import Table


class Wondering(Screen[None]):
    """A screen over one session, at which somebody may ask why."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("w", "why", "Why")]

    url: str
    session: str
    view: SessionView | None
    choice: Choice

    def action_why(self) -> None:
        """Says why it did, or did not, trade: of the row under the cursor, or the candle that the chart points to."""
        view = self.view
        if view is None or not view.now:
            self.notify("It has not taken in a candle yet; ask again when it has.", markup=False)
            return
        self.app.push_screen(WhyScreen(self.url, self.session, view, self.question(view)))

    def question(self, view: SessionView) -> Question:
        """What is under the cursor."""
        table = self.focused
        if isinstance(table, Table) and table.key is not None:
            found = of_row(view, table.id or "", table.key, self.choice.symbol)
            if found is not None:
                return found
        pointed = self.query_one(CandlePlot).pointed
        at = view.now if pointed is None else min(pointed + period(view.timeframe), view.now)
        return Question(self.choice.symbol, at, self.choice.book)
