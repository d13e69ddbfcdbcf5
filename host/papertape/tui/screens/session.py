"""The session screen: watches one session, and steers it."""

from collections.abc import Callable
from typing import ClassVar, Literal

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from papertape.contract.errors import PapertapeError
from papertape.ledger.store import Ledger
from papertape.tui.core.follower import PATIENCE, Follower
from papertape.tui.core.reading import recent_sessions
from papertape.tui.core.text import shown
from papertape.tui.core.views import SessionLine, SessionView
from papertape.tui.messages import Looked, LookFailed, SessionWanted
from papertape.tui.screens.charting import Charting
from papertape.tui.screens.dialogs import Help, Pick
from papertape.tui.screens.following import Following
from papertape.tui.screens.session_keys import KEYS
from papertape.tui.screens.steering import Steering
from papertape.tui.screens.wondering import Wondering
from papertape.tui.widgets.books import BooksPanel
from papertape.tui.widgets.chart import ChartPanel
from papertape.tui.widgets.dealings import PositionsPanel, SignalsPanel
from papertape.tui.widgets.equity import EquityPanel
from papertape.tui.widgets.keys import Keys
from papertape.tui.widgets.panel import Choice, Panel
from papertape.tui.widgets.session_list import SESSIONS, session_rows
from papertape.tui.widgets.state import LogPanel, StatePanel
from papertape.tui.widgets.status_bar import PanelTabs, StatusBar
from papertape.tui.widgets.table import Table
from papertape.tui.widgets.votes import VotesPanel

PANELS = ("chart", "books", "equity", "positions", "signals", "votes", "state", "log")
TITLES = ("Chart", "Books", "Equity", "Positions", "Signals", "Votes", "State", "Log")
Layout = Literal["compact", "normal", "wide"]
_ALWAYS = {"compact": 0, "normal": 2, "wide": 3}
"""How many of the first panels always stand there; one of the others stands beside them."""
_TOGETHER = (1, 2)
"""Books and equity, which stand together where there is room for no others."""


class SessionScreen(Charting, Wondering, Steering):
    """One session, watched and steered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(place + 1), f"panel({place})", show=False) for place in range(len(PANELS))),
        Binding("s", "switch", "Switch"),
        Binding("left_square_bracket", "symbol(-1)", show=False),
        Binding("right_square_bracket", "symbol(1)", show=False),
        Binding("o", "sort", show=False),
        Binding("plus,equals_sign", "zoom(-1)", show=False),
        Binding("minus", "zoom(1)", show=False),
        Binding("i", "indicators", "Indicators"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("m", "app.models", "Models"),
        Binding("escape", "app.home", "Sessions"),
    ]

    def __init__(self, url: str, session: str, clock: Callable[[], int], untouched: Callable[[], float]) -> None:
        super().__init__(url, session, clock)
        self.choice = Choice()
        self.form: Layout = "compact"
        self.below = 1  # the panel that stands where they take turns
        self._follower = Follower(url, session)
        self._following = Following(self._follower, self.post_message, untouched)
        self._recalled = -1

    def compose(self) -> ComposeResult:
        yield StatusBar()
        yield PanelTabs(TITLES)
        with Container(id="panels"):
            yield ChartPanel("chart")
            yield BooksPanel("books")
            yield EquityPanel("equity")
            yield PositionsPanel("positions-panel")
            yield SignalsPanel("signals-panel")
            yield VotesPanel("votes-panel")
            yield StatePanel("state-panel")
            yield LogPanel("log-panel")
        yield Keys()

    # Its worker

    def on_mount(self) -> None:
        self.follow()
        self.prepare(self.titles)
        self._arrange()
        self.query_one("#leaderboard").focus()

    @work(thread=True, group="follow")
    def follow(self) -> None:
        """Looks at the session until the screen goes."""
        self._following.run()

    @work(thread=True, group="recall", exclusive=True)
    def recall(self) -> None:
        """Fetches candles from before those that the session keeps."""
        try:
            self._follower.recall(lambda: self._following.stopped)
        except PapertapeError as error:
            words = shown(f"no earlier candles: {error}")
            self.app.call_from_thread(self.notify, words, severity="warning", markup=False)
        self._following.hurry()

    def on_unmount(self) -> None:
        self._following.stop()

    def on_screen_suspend(self) -> None:
        self._following.watched = False

    def on_screen_resume(self) -> None:
        self._following.watched = True
        self._following.hurry()

    # What it hears

    def on_looked(self, event: Looked) -> None:
        first = self.view is None
        self.view, self.trouble = event.view, ""
        if self.choice.symbol not in event.view.symbols:
            self.choice = self.choice._replace(symbol=event.view.symbols[0])
        self.confirm(event.view.commands)
        self._show()
        self.offer()
        self.call_after_refresh(self._following.heard)
        self._fetch_past(event.view, first)

    def on_look_failed(self, event: LookFailed) -> None:
        self.trouble = event.reason
        self._show()
        self.offer()
        if event.gone or self.view is None:
            self.query_one(StatusBar).show(None, event.reason)

    def hurry(self) -> None:
        self._following.hurry()

    def _fetch_past(self, view: SessionView, first: bool) -> None:
        """Once for what is shown first, and again where the session has run on by more than it keeps."""
        if self._follower.wants_past and (first or not view.running or view.batch - self._recalled > 2_000):
            self._recalled = view.batch
            self.recall()

    # What stands where

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        form: Layout = (
            "wide" if width >= 150 and height >= 42 else "normal" if width >= 104 and height >= 30 else "compact"
        )
        if form != self.form:
            self.form = form
        self._arrange()

    def _arrange(self) -> None:
        always = _ALWAYS[self.form]
        turn = max(self.below, always)
        books = self.form == "compact" and turn in _TOGETHER
        standing = frozenset(_TOGETHER if books else {*range(always), turn})
        self.set_class(books, "-books")
        self.set_class(self.form == "normal", "-normal")
        self.set_class(self.form == "wide", "-wide")
        for place, panel in enumerate(self.query(Panel)):
            panel.display = place in standing
            panel.styles.column_span = 2 if place == turn and self.form == "normal" else 1
        self.query_one(PanelTabs).show(standing)
        self._show()  # before it is laid out, so that this is done once

    def _show(self) -> None:
        self.query_one(StatusBar).show(self.view, self.trouble)
        if self.view is not None:
            together = self.has_class("-books")
            most = max(6, (self.size.height - 3) * 6 // 10)
            self.query_one(BooksPanel).styles.height = min(len(self.view.books) + 3, most) if together else "1fr"
            for panel in self.query(Panel):
                if panel.display:
                    panel.see(self.view, self.choice)

    def action_panel(self, place: int) -> None:
        """Shows a panel, and goes to it."""
        self.below = place
        self._arrange()
        panel = list(self.query(Panel))[place]
        target = next(child for child in panel.query("*") if child.can_focus)
        self.set_focus(target)  # now, so that what changes is laid out and painted once

    def on_panel_tabs_picked(self, event: PanelTabs.Picked) -> None:
        self.action_panel(event.number)

    def action_symbol(self, by: int) -> None:
        """Goes to another symbol."""
        if self.view is not None:
            symbols = self.view.symbols
            place = symbols.index(self.choice.symbol) if self.choice.symbol in symbols else 0
            self.choice = self.choice._replace(symbol=symbols[(place + by) % len(symbols)])
            self._show()

    def action_sort(self) -> None:
        """Sorts the books by the next column."""
        self.query_one(BooksPanel).sort()

    def action_zoom(self, by: int) -> None:
        """Zooms the chart, wherever the keyboard is."""
        self.query_one(ChartPanel).zoom(by)

    def action_help(self) -> None:
        """Shows the keys."""
        self.app.push_screen(Help(KEYS))

    @on(Table.Chosen, "#leaderboard")
    def narrow(self, event: Table.Chosen) -> None:
        """Narrows all panels to one book, or widens them to all again."""
        self.choice = self.choice._replace(book=None if event.key == self.choice.book else event.key)
        self._show()

    @work(thread=True, group="ask")
    def action_switch(self) -> None:
        """Asks which session to show instead."""
        try:
            with Ledger.open(self.url, patience=PATIENCE) as ledger:
                lines = recent_sessions(ledger, 50)
        except PapertapeError as error:
            self.app.call_from_thread(self.notify, shown(error), severity="error", markup=False)
            return
        self.app.call_from_thread(self._switch, lines)

    @work(group="ask")
    async def _switch(self, lines: tuple[SessionLine, ...]) -> None:
        chosen = await self.app.push_screen_wait(Pick("Switch to a session", SESSIONS, session_rows(lines)))
        if chosen is not None:
            self.post_message(SessionWanted(chosen, instead=True))
