"""The start screen: the sessions of the ledger, and what can be done with one."""

from pathlib import Path
from threading import Event
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from papertape.contract.errors import NoLedgerYet, PapertapeError
from papertape.engine.tape import MODEL, overlay, read_header
from papertape.ledger.store import Ledger
from papertape.ledger.url import masked
from papertape.tui.core import draft
from papertape.tui.core.follower import PATIENCE
from papertape.tui.core.launching import Launch, resume_arguments
from papertape.tui.core.reading import count_sessions, recent_sessions
from papertape.tui.core.text import LONGEST, shown
from papertape.tui.core.views import SessionLine
from papertape.tui.messages import Launched, Listed, SessionWanted
from papertape.tui.screens.dialogs import Help, Pick
from papertape.tui.screens.draft import DraftScreen
from papertape.tui.widgets.keys import Keys
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.session_list import SESSIONS, session_rows
from papertape.tui.widgets.table import Cell, Column, Row, Table

MOST = 200
"""Sessions that are listed; the ledger may hold many more."""
EMPTY = """No session is here yet. Press n to put one together.

n   the session of the demo, to be changed and started
m   models: what they are worth
?   all keys

papertape run --tui   runs the demo at once, and shows it here"""
EVERY = 2.0
"""Seconds between two readings of the list."""
KEYS = (
    (
        "Sessions",
        (
            ("enter", "open a session: watch it, steer it while it runs"),
            ("n", "put a new session together, and start it"),
            ("r", "have a stopped or interrupted session go on"),
            ("y", "run the same candles again, with other strategies if you like"),
            ("m", "models: what they are worth, and which one answers"),
        ),
    ),
    (
        "Anywhere",
        (
            ("t", "dark or light"),
            ("ctrl+p", "every command by name"),
            ("q", "leave; asks about yours that run"),
        ),
    ),
)


class StartScreen(Screen[None]):
    """The ledger's sessions, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", key_display="enter", priority=True),
        Binding("n", "new", "New"),
        Binding("r", "resume", "Resume"),
        Binding("y", "replay", "Replay"),
        Binding("m", "app.models", "Models"),
        Binding("question_mark", "help", "Help", key_display="?"),
    ]

    def __init__(self, url: str, home: Path) -> None:
        super().__init__()
        self.url, self.home = url, home
        self.sessions: dict[str, SessionLine] = {}
        self._over = Event()
        self._wake = Event()
        self._watched = True

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel", id="start") as box:
            box.border_title = label("papertape: paper sessions, never with real money", 60)
            box.border_subtitle = label(masked(self.url), 70)
            yield Static(id="trouble")
            yield Table(SESSIONS, id="sessions")
        yield Keys()

    def on_mount(self) -> None:
        self.query_one(Table).focus()
        self.watch_list()

    def on_unmount(self) -> None:
        self._over.set()
        self._wake.set()

    def on_screen_suspend(self) -> None:
        self._watched = False  # a list that nobody sees takes no time from the session that somebody does

    def on_screen_resume(self) -> None:
        self._watched = True
        self._wake.set()

    @work(thread=True, group="list")
    def watch_list(self) -> None:
        """Reads the list again and again while somebody sees it."""
        while not self._over.is_set():
            if self._watched:
                self.post_message(self._listed())
            self._wake.wait(EVERY)
            self._wake.clear()

    def _listed(self) -> Listed:
        """The list as it is now; a ledger that is not there yet has no sessions."""
        try:
            with Ledger.open(self.url, patience=PATIENCE) as ledger:
                return Listed(recent_sessions(ledger, MOST), count_sessions(ledger))
        except NoLedgerYet:
            return Listed((), 0, "")
        except PapertapeError as error:
            return Listed((), 0, str(error))

    def on_listed(self, event: Listed) -> None:
        self.query_one("#trouble", Static).update(label(f"✗ {event.trouble}", LONGEST))
        self.query_one("#trouble").display = bool(event.trouble)
        if not event.trouble:
            table = self.query_one(Table)
            if not table.empty:  # only now is it known that there are none
                table.empty = EMPTY
                table.refresh()
            self.sessions = {line.id: line for line in event.sessions}
            table.show(session_rows(event.sessions))
            self.refresh_bindings()

    @property
    def pointed(self) -> SessionLine | None:
        """The session under the cursor."""
        return self.sessions.get(self.query_one(Table).key or "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers what the session under the cursor allows."""
        if action in ("open", "replay"):
            return self.is_mounted and self.pointed is not None
        if action == "resume":
            line = self.pointed if self.is_mounted else None
            return line is not None and line.status in ("stopped", "interrupted", "failed")
        return True

    @on(Table.Pointed)
    def pointed_elsewhere(self) -> None:
        self.refresh_bindings()

    @on(Table.Chosen)
    def action_open(self) -> None:
        """Opens the session under the cursor."""
        if self.pointed is not None:
            self.post_message(SessionWanted(self.pointed.id))

    def action_new(self) -> None:
        """Puts a new session together."""
        self.app.push_screen(DraftScreen(self.url, self.home, draft.demo(), "New session"))

    def action_help(self) -> None:
        """Shows the keys."""
        self.app.push_screen(Help(KEYS))

    @work(group="ask")
    async def action_resume(self) -> None:
        """Asks how fast, and has the session under the cursor go on."""
        line = self.pointed
        if line is None:
            return
        pace: str | None = "max"
        if line.feed != "exchange":
            rows = [Row(each, (Cell(each),)) for each in draft.PACES]
            pace = await self.app.push_screen_wait(Pick(f"Resume {line.id}: how fast?", (Column("pace"),), rows))
        if pace is not None:
            self.notify(shown(f"session {line.id} is about to go on"), markup=False)
            self.launch(resume_arguments(self.url, line.id, pace), line.id)

    @work(thread=True, group="launch")
    def launch(self, arguments: list[str], session: str) -> None:
        """Starts a host and waits until its session has begun."""
        host = Launch(arguments, self.home / "tui" / f"{session}.log")
        try:
            while (begun := host.session()) is None and not self._over.wait(0.1):
                pass
            self.post_message(Launched(begun or session))
        except PapertapeError as error:
            self.post_message(Launched(session, str(error)))

    def on_launched(self, event: Launched) -> None:
        if event.trouble:
            self.notify(shown(event.trouble), title="It did not start", severity="error", timeout=15, markup=False)
        else:
            self.post_message(SessionWanted(event.session, begun=True))

    @work(thread=True, group="ask")
    def action_replay(self) -> None:
        """Puts a session together over the candles of the one under the cursor."""
        line = self.pointed
        if line is None:
            return
        try:
            with Ledger.open(self.url, patience=PATIENCE) as ledger:
                tape = overlay(ledger, line.id)
                header = read_header(tape)
        except PapertapeError as error:
            self.post_message(Launched(line.id, str(error)))
            return
        recorded = header.live or any(row.kind == MODEL for row in tape)  # what came meanwhile is on its tape alone
        made = draft.draft_of(header.config, line.id if recorded else None)
        screen = DraftScreen(self.url, self.home, made, f"Replay of {line.id}")
        self.app.call_from_thread(self.app.push_screen, screen)
