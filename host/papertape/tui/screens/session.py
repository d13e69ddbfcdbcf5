"""The session screen: watches one session, and steers it."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from papertape.contract.errors import PapertapeError
from papertape.ledger.store import Ledger
from papertape.tui.core import commands
from papertape.tui.core.commands import Command
from papertape.tui.core.follower import PATIENCE, Follower
from papertape.tui.core.reading import recent_sessions
from papertape.tui.core.text import money, percent, shown
from papertape.tui.core.views import CommandView, SessionLine, SessionView
from papertape.tui.messages import CommandPosted, Looked, LookFailed, SessionWanted
from papertape.tui.screens.dialogs import Confirm, Help, Pick
from papertape.tui.screens.following import Following
from papertape.tui.widgets.books import BooksPanel
from papertape.tui.widgets.chart import ChartPanel
from papertape.tui.widgets.dealings import PositionsPanel, SignalsPanel
from papertape.tui.widgets.equity import EquityPanel
from papertape.tui.widgets.keys import Keys
from papertape.tui.widgets.panel import Choice, Panel
from papertape.tui.widgets.session_list import SESSIONS, session_rows
from papertape.tui.widgets.state import LogPanel, StatePanel
from papertape.tui.widgets.status_bar import PanelTabs, StatusBar
from papertape.tui.widgets.table import Cell, Column, Row, Table
from papertape.tui.widgets.votes import VotesPanel

PANELS = ("chart", "books", "equity", "positions", "signals", "votes", "state", "log")
TITLES = ("Chart", "Books", "Equity", "Positions", "Signals", "Votes", "State", "Log")
Layout = Literal["compact", "normal", "wide"]
_ALWAYS = {"compact": 0, "normal": 2, "wide": 3}
"""How many of the first panels always stand there; one of the others stands beside them."""
_TOGETHER = (1, 2)
"""Books and equity, which stand together where there is room for no others."""
EVERY = "\n"
"""In a choice of books: all of them. No book has such a name."""

KEYS = (
    (
        "Panels",
        (
            ("1 … 8", "show a panel"),
            ("tab", "go to the next panel"),
            ("[  ]", "the symbol before, the symbol after"),
            ("o", "sort the books by the next column"),
            ("enter", "on a book: narrow all panels to it, or widen them again"),
        ),
    ),
    (
        "Chart",
        (
            ("+  -", "zoom in, zoom out"),
            ("left  right", "go from candle to candle; shift goes twenty at a time"),
            ("end", "back to the newest"),
        ),
    ),
    (
        "Steering a session that runs",
        (
            ("p", "pause it, or have it go on: paused, it records signals and enters nothing"),
            ("f", "flatten a book, or all: close every position at the next candle"),
            ("d", "disable a plugin, or enable it again"),
            ("k", "kill switch: pause, and flatten every book"),
            ("x", "stop the session; it can be resumed"),
        ),
    ),
    (
        "Going around",
        (
            ("s", "switch to another session"),
            ("m", "models: what they are worth, and which one answers"),
            ("escape", "back to the sessions"),
            ("t", "dark or light"),
            ("ctrl+p", "every command by name"),
            ("q", "leave; sessions go on without a screen"),
        ),
    ),
)


class SessionScreen(Screen[None]):
    """One session. `clock`: the time, ms UTC, for the commands that it issues."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(place + 1), f"panel({place})", show=False) for place in range(len(PANELS))),
        Binding("p", "pause", "Pause"),
        Binding("p", "go_on", "Go on"),
        Binding("f", "flatten", "Flatten"),
        Binding("d", "switch_plugin", "Plugins"),
        Binding("k", "kill", "Kill"),
        Binding("x", "stop", "Stop"),
        Binding("s", "switch", "Switch"),
        Binding("left_square_bracket", "symbol(-1)", show=False),
        Binding("right_square_bracket", "symbol(1)", show=False),
        Binding("o", "sort", show=False),
        Binding("plus,equals_sign", "zoom(-1)", show=False),
        Binding("minus", "zoom(1)", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("m", "app.models", "Models", show=False),
        Binding("escape", "app.home", "Sessions", show=False),
    ]

    def __init__(self, url: str, session: str, clock: Callable[[], int]) -> None:
        super().__init__()
        self.url = url
        self.session = session
        self.clock = clock
        self.view: SessionView | None = None
        self.trouble = ""
        self.choice = Choice()
        self.form: Layout = "compact"
        self.below = 1  # the panel that stands where they take turns
        self._told: dict[int, str] = {}
        self._follower = Follower(url, session)
        self._following = Following(self._follower, self.post_message)
        self._recalled = -1
        self._offered: tuple[bool | None, ...] = ()

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
        self._confirm(event.view.commands)
        self._show()
        self._offer()
        self._following.heard()
        self._fetch_past(event.view, first)

    def on_look_failed(self, event: LookFailed) -> None:
        self.trouble = event.reason
        self._show()
        self._offer()
        if event.gone or self.view is None:
            self.query_one(StatusBar).show(None, event.reason)

    def on_command_posted(self, event: CommandPosted) -> None:
        if event.trouble:
            self.notify(shown(event.trouble), title="Not told", severity="error", markup=False)
            return
        self._told |= dict.fromkeys(event.ids, event.words)
        self._following.hurry()

    def _confirm(self, seen: Sequence[CommandView]) -> None:
        """Says when what was asked here has taken effect."""
        for one in seen:
            if one.id not in self._told or one.state == "waiting":
                continue
            del self._told[one.id]
            if one.state == "done":
                self.notify(shown(f"took effect after batch {one.batch:,}"), title=shown(one.words), markup=False)
            else:
                self.notify(shown("it was not carried out"), title=shown(one.words), severity="error", markup=False)

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
        self.call_after_refresh(self._show)

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
        self.call_after_refresh(target.focus)

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

    # Steering

    def _offer(self) -> None:
        """Offers other keys where what can be done has changed."""
        offered = tuple(self.check_action(action, ()) for action in ("pause", "go_on", "stop"))
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are not offered."""
        running = self.view is not None and self.view.running and not self.trouble
        paused = self.view is not None and self.view.paused
        if action in ("pause", "go_on"):
            return running and paused == (action == "go_on")
        return running if action in ("flatten", "switch_plugin", "kill", "stop") else True

    @work(thread=True, group="command")
    def tell(self, orders: Sequence[Command]) -> None:
        """Leaves commands in the session's inbox."""
        words = ", ".join(map(commands.words, orders))
        try:
            with Ledger.open(self.url, patience=PATIENCE) as ledger:
                ids = commands.post(ledger, self._follower.session, orders, self.clock())
            self.post_message(CommandPosted(words, tuple(ids)))
        except PapertapeError as error:
            self.post_message(CommandPosted(words, (), str(error)))

    def action_pause(self) -> None:
        """Pauses the session."""
        self.tell([commands.PAUSE])

    def action_go_on(self) -> None:
        """Has it go on."""
        self.tell([commands.RESUME])

    @work(group="ask")
    async def action_flatten(self) -> None:
        """Asks which book to flatten, whether really, and has it done."""
        view = self.view
        if view is None:
            return
        held = [book for book in view.books if book.positions]
        columns = (Column("book", most=30), Column("positions", right=True), Column("equity", right=True))
        rows = [Row(book.name, (Cell(book.name), Cell(str(book.positions)), Cell(money(book.equity)))) for book in held]
        total = sum(book.positions for book in held)
        rows.insert(0, Row(EVERY, (Cell("every book", "strong"), Cell(str(total)), Cell(""))))
        chosen = await self.app.push_screen_wait(Pick("Flatten", columns, rows))
        if chosen is None:
            return
        book = None if chosen == EVERY else chosen
        words = f"Close every position of {book or 'every book'} at the next candle, and cancel what would open?"
        if await self.app.push_screen_wait(Confirm(f"Flatten {book or 'every book'}", words, "Flatten")):
            self.tell([commands.flatten(book)])

    @work(group="ask")
    async def action_switch_plugin(self) -> None:
        """Asks which plugin to disable or enable; asks again before one is disabled."""
        view = self.view
        if view is None:
            return
        columns = (
            Column("plugin", most=30),
            Column("is", most=12),
            Column("return", right=True),
            Column("", most=None),
        )
        changes = {book.name: book.change for book in view.books}
        plugins = {one.name: one for one in view.plugins if one.part != "other"}
        rows = [
            Row(
                one.name,
                (
                    Cell(one.name),
                    Cell(one.status, "" if one.status == "ok" else "warning"),
                    Cell(percent(changes.get(one.name))),
                    Cell("disable it" if one.status == "ok" else "enable it", "faint"),
                ),
            )
            for one in plugins.values()
        ]
        chosen = await self.app.push_screen_wait(Pick("Disable or enable a plugin", columns, rows))
        if chosen is None:
            return
        on = plugins[chosen].status != "ok"
        words = f"Ask {chosen} nothing more? Its book cancels what would open, and keeps its stops and targets."
        if on or await self.app.push_screen_wait(Confirm(f"Disable {chosen}", words, "Disable")):
            self.tell([commands.switch(chosen, on)])

    @work(group="ask")
    async def action_kill(self) -> None:
        """Asks, then pauses the session and flattens every book."""
        words = "Enter nothing more, and close every position of every book at the next candle?"
        if await self.app.push_screen_wait(Confirm("Kill switch", words, "Pause and flatten")):
            self.tell([commands.PAUSE, commands.flatten()])

    @work(group="ask")
    async def action_stop(self) -> None:
        """Asks, then stops the session."""
        words = "Stop after the step under way? Positions stay as they are, and the session can be resumed."
        if await self.app.push_screen_wait(Confirm(f"Stop session {self._follower.session}", words, "Stop")):
            self.tell([commands.STOP])
