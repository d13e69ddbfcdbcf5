"""Steering a session: what asks before it is done, and the commands that go into the session's inbox."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.screen import Screen

from papertape.contract.errors import PapertapeError
from papertape.ledger.store import Ledger
from papertape.tui.core import commands
from papertape.tui.core.commands import Command
from papertape.tui.core.follower import PATIENCE
from papertape.tui.core.text import money, percent, shown
from papertape.tui.core.views import CommandView, PluginView, SessionView
from papertape.tui.messages import CommandPosted
from papertape.tui.screens.dialogs import Confirm, Pick
from papertape.tui.widgets.table import Cell, Column, Row

EVERY = "\n"
"""In a choice of books: all of them. No book has such a name."""
RUNNING = ("flatten", "switch_plugin", "restart_plugin", "kill", "stop")
"""What can be done with any session that runs."""
PACED = ("hold", "run", "step", "pace")
"""What can be done with one that runs and is not live."""
BOOKS = (Column("book", most=30), Column("positions", right=True), Column("equity", right=True))
PLUGINS = (Column("plugin", most=30), Column("is", most=12), Column("return", right=True), Column("", most=None))


class Steering(Screen[None]):
    """A screen over one session that can be told what to do. `view`: the session as last seen; `trouble`: why it cannot
    be seen now. `clock`: the time, ms UTC, for the commands that it issues."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "hold", "Hold"),
        Binding("space", "run", "Run"),
        Binding("full_stop", "step", "Step", key_display="."),
        Binding("less_than_sign", "pace(-1)", show=False),
        Binding("greater_than_sign", "pace(1)", show=False),
        Binding("p", "pause", "Pause"),
        Binding("p", "go_on", "Trade"),
        Binding("f", "flatten", "Flatten"),
        Binding("d", "switch_plugin", "Plugins"),
        Binding("r", "restart_plugin", "Restart", show=False),
        Binding("k", "kill", "Kill"),
        Binding("x", "stop", "Stop"),
    ]

    def __init__(self, url: str, session: str, clock: Callable[[], int]) -> None:
        super().__init__()
        self.url = url
        self.session = session
        self.clock = clock
        self.view: SessionView | None = None
        self.trouble = ""
        self._told: set[int] = set()
        self._offered: tuple[bool | None, ...] = ()

    # What is offered, and what came of it

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are not offered."""
        view = self.view
        running = view is not None and view.running and not self.trouble
        if action in RUNNING or view is None:
            return running if action in (*RUNNING, *PACED, "pause", "go_on") else True
        if action in ("pause", "go_on"):
            return running and view.paused == (action == "go_on")
        if action in ("hold", "run"):
            return running and not view.live and view.held == (action == "run")
        return running and not view.live if action in PACED else True

    def offer(self) -> None:
        """Offers other keys where what can be done has changed."""
        offered = tuple(self.check_action(action, ()) for action in ("pause", "go_on", "hold", "run", "stop"))
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def confirm(self, seen: Sequence[CommandView]) -> None:
        """Says when what was asked here has taken effect; a step is seen as it is."""
        for one in seen:
            if one.id not in self._told or one.state == "waiting":
                continue
            self._told.discard(one.id)
            words = shown(one.words)
            if one.state == "refused":
                self.notify("not carried out; the session's log says why", title=words, severity="error", markup=False)
            elif one.state == "unheard":
                self.notify("the session ended before it", title=words, severity="warning", markup=False)
            elif one.words != "step":
                self.notify(f"took effect after batch {one.batch:,}", title=words, markup=False)

    @work(thread=True, group="command")
    def tell(self, orders: Sequence[Command]) -> None:
        """Leaves commands in the session's inbox."""
        words = ", ".join(map(commands.words, orders))
        try:
            with Ledger.open(self.url, patience=PATIENCE) as ledger:
                ids = commands.post(ledger, ledger.find(self.session).id, orders, self.clock())
            self.post_message(CommandPosted(words, tuple(ids)))
        except PapertapeError as error:
            self.post_message(CommandPosted(words, (), str(error)))

    def on_command_posted(self, event: CommandPosted) -> None:
        if event.trouble:
            self.notify(shown(event.trouble), title="Not told", severity="error", markup=False)
        else:
            self._told |= set(event.ids)
            self.hurry()

    def hurry(self) -> None:
        """Has the session be looked at soon."""

    # What needs no question

    def action_pause(self) -> None:
        """Has it record signals and trade nothing."""
        self.tell([commands.PAUSE])

    def action_go_on(self) -> None:
        """Has it trade again."""
        self.tell([commands.RESUME])

    def action_hold(self) -> None:
        """Has a replay stand still."""
        self.tell([commands.pace("hold")])

    def action_run(self) -> None:
        """Has it go on at the pace that it had; one that was held from the start, at one that can be watched."""
        if self.view is not None:
            self.tell([commands.pace(self.view.moving)])

    def action_step(self) -> None:
        """Takes one batch, and holds."""
        self.tell([commands.STEP])

    def action_pace(self, by: int) -> None:
        """Goes slower or faster."""
        view = self.view
        if view is not None and (other := commands.beside(view.moving, by)) != view.pace:
            self.tell([commands.pace(other)])

    # What asks

    @work(group="ask")
    async def action_flatten(self) -> None:
        """Asks which book to flatten, whether really, and has it done."""
        view = self.view
        if view is None:
            return
        held = [book for book in view.books if book.positions]
        rows = [Row(book.name, (Cell(book.name), Cell(str(book.positions)), Cell(money(book.equity)))) for book in held]
        total = sum(book.positions for book in held)
        rows.insert(0, Row(EVERY, (Cell("every book", "strong"), Cell(str(total)), Cell(""))))
        chosen = await self.app.push_screen_wait(Pick("Flatten", BOOKS, rows))
        if chosen is None:
            return
        book = None if chosen == EVERY else chosen
        words = f"Close every position of {book or 'every book'} at the next candle, and cancel what would open?"
        if await self.app.push_screen_wait(Confirm(f"Flatten {book or 'every book'}", words, "Flatten")):
            self.tell([commands.flatten(book)])

    @work(group="ask")
    async def action_switch_plugin(self) -> None:
        """Asks which plugin to disable or enable; asks again before one is disabled."""
        chosen = await self._plugin("Disable or enable a plugin", lambda ok: "disable it" if ok else "enable it")
        if chosen is None:
            return
        on = chosen.status != "ok"
        words = f"Ask {chosen.name} nothing more? Its book cancels what would open, and keeps its stops and targets."
        if on or await self.app.push_screen_wait(Confirm(f"Disable {chosen.name}", words, "Disable")):
            self.tell([commands.switch(chosen.name, on)])

    @work(group="ask")
    async def action_restart_plugin(self) -> None:
        """Asks which plugin to restart, and whether really."""
        chosen = await self._plugin("Restart a plugin", lambda ok: "begin anew" if ok else "begin anew, and be asked")
        if chosen is None:
            return
        words = (
            f"Have {chosen.name} begin anew, knowing nothing of what it saw? "
            "Its book cancels what would open, and keeps its positions with their stops and targets."
        )
        if await self.app.push_screen_wait(Confirm(f"Restart {chosen.name}", words, "Restart")):
            self.tell([commands.restart(chosen.name)])

    async def _plugin(self, title: str, would: Callable[[bool], str]) -> PluginView | None:
        """The strategy or fusion that is chosen; `would`: what would be done with one that is in order, or not."""
        view = self.view
        if view is None:
            return None
        changes = {book.name: book.change for book in view.books}
        plugins = {one.name: one for one in view.plugins if one.part != "other"}
        rows = [
            Row(
                one.name,
                (
                    Cell(one.name),
                    Cell(one.status, "" if one.status == "ok" else "warning"),
                    Cell(percent(changes.get(one.name))),
                    Cell(would(one.status == "ok"), "faint"),
                ),
            )
            for one in plugins.values()
        ]
        name = await self.app.push_screen_wait(Pick(title, PLUGINS, rows))
        return None if name is None else plugins[name]

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
        if await self.app.push_screen_wait(Confirm(f"Stop session {self.session}", words, "Stop")):
            self.tell([commands.STOP])
