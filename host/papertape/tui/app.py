"""The application: its themes, its screens, and going from one to another."""

import os
from asyncio import to_thread
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Event, InputEvent
from textual.screen import Screen

from papertape.contract.errors import PapertapeError
from papertape.contract.screen import Surroundings
from papertape.engine.discovery import load_plugins
from papertape.ledger.store import Ledger
from papertape.tui.core import commands
from papertape.tui.core.draft import Draft
from papertape.tui.core.follower import PATIENCE
from papertape.tui.core.text import shown
from papertape.tui.messages import SessionWanted
from papertape.tui.palette import KeyCommands, ScreenCommands
from papertape.tui.screens.brought import MODELS, brought
from papertape.tui.screens.draft import DraftScreen
from papertape.tui.screens.leaving import LEAVE, STOP, Leaving
from papertape.tui.screens.session import SessionScreen
from papertape.tui.screens.start import StartScreen
from papertape.tui.theme import DARK, LIGHT
from papertape.tui.tidying import SWEPT_EVERY, TIDIED_EVERY, Tidying

T = TypeVar("T")


class PapertapeApp(App[None]):
    """Starts, watches and steers the sessions of one ledger.

    `home`: the folder for session files and what hosts say. `clock`: the time, ms UTC, for commands. `session`: the one
    to open first (its full id); `begun`: it was started for that. `draft`: one to be looked over first, and its title.
    """

    TITLE = "papertape"
    CSS_PATH = "papertape.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "theme", "Dark or light", show=False),
        Binding("q", "quit", "Quit"),
    ]
    COMMANDS = App.COMMANDS | {KeyCommands, ScreenCommands}

    def __init__(
        self,
        url: str,
        home: Path,
        clock: Callable[[], int],
        session: str | None = None,
        draft: tuple[Draft, str] | None = None,
        *,
        begun: bool = False,
    ) -> None:
        super().__init__(ansi_color="NO_COLOR" in os.environ or None)  # then it is not greys either
        self.url, self.home, self.clock, self.session, self.draft = url, home, clock, session, draft
        self._opened: dict[str, SessionScreen] = {}
        self._begun = [session] if session is not None and begun else []
        self._tidying = Tidying()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours for themes that have none."""
        return dict(DARK.variables)

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self._tidying.take_over()
        self.set_interval(SWEPT_EVERY, self._tidying.sweep)
        self.set_interval(TIDIED_EVERY, self._tidying.tidy)
        self.push_screen(StartScreen(self.url, self.home))
        if self.draft is not None:
            self.push_screen(DraftScreen(self.url, self.home, *self.draft))
        if self.session is not None:
            self.open_session(self.session)

    def on_unmount(self) -> None:
        self._tidying.close()

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent):
            self._tidying.touched()
        await super().on_event(event)

    def on_session_wanted(self, event: SessionWanted) -> None:
        if event.begun:
            self._begun.append(event.session)
        self.open_session(event.session, instead=event.instead)

    def open_session(self, session: str, *, instead: bool = False) -> None:
        """Shows a session, as it was left if it was open before; `instead` of the screen that is shown now."""
        if session not in self._opened:
            screen = self._opened[session] = SessionScreen(self.url, session, self.clock, self._tidying.untouched)
            self.install_screen(screen, f"session {session}")
        shown = self._opened[session]
        if shown is self.screen:
            return
        if instead:
            self.switch_screen(shown)
        else:
            self.push_screen(shown)

    def action_home(self) -> None:
        """Back to the sessions."""
        if isinstance(self.screen, SessionScreen):
            self.pop_screen()

    async def action_quit(self) -> None:
        """Leaves; asks first what is to become of sessions that were started from here and still run."""
        self.leave()

    @work(group="leave", exclusive=True)
    async def leave(self) -> None:
        """Asks, where there is something to ask, and leaves."""
        if isinstance(self.screen, Leaving):
            return  # it is asked already
        if await self._settle():
            self.exit()

    async def _settle(self) -> bool:
        """Asks whether to leave or stop the sessions that were started here; whether the screen may be left."""
        running: list[str] = []
        with suppress(PapertapeError):  # they cannot be asked now: they go on without a screen, as always
            if self._begun:
                running = await self._at_ledger(partial(commands.running, sessions=tuple(self._begun)))
        chosen = await self.push_screen_wait(Leaving(running)) if running else LEAVE
        if chosen == STOP:
            try:
                await self._at_ledger(partial(commands.stop_all, sessions=running, at=self.clock()))
            except PapertapeError as error:
                self.notify(shown(error), title="Not told to stop", severity="error", markup=False)
                return False
        return chosen is not None

    async def _at_ledger(self, do: Callable[[Ledger], T]) -> T:
        def done() -> T:
            with Ledger.open(self.url, patience=PATIENCE) as ledger:
                return do(ledger)

        return await to_thread(done)

    def action_models(self) -> None:
        """Goes to the models."""
        self.action_go_to(MODELS)

    @work(thread=True, group="brought", exclusive=True)
    def action_go_to(self, name: str) -> None:
        """Goes to a screen that a plugin brings."""
        below = self.screen
        session = below.session if isinstance(below, SessionScreen) else None
        screen = brought(load_plugins(), name, Surroundings(self.url, self.home, self.clock, session))
        self.call_from_thread(self._show_over, below, screen)

    def _show_over(self, below: Screen[object], screen: Screen[None]) -> None:
        """Shows a screen, unless the person has gone elsewhere meanwhile."""
        if self.screen is below:
            self.push_screen(screen)

    def action_theme(self) -> None:
        """Dark or light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
