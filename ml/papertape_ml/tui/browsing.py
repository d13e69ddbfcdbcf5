"""Looking at the models of a registry: versions and aliases, and sheets about the version under the cursor."""

from pathlib import Path
from threading import Event
from typing import ClassVar, Literal

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import Static

from papertape.contract.errors import NoLedgerYet, PapertapeError
from papertape.contract.screen import Surroundings
from papertape.ledger.store import Ledger
from papertape.tui.core.follower import PATIENCE
from papertape.tui.core.text import LONGEST
from papertape.tui.screens.dialogs import Help
from papertape.tui.widgets.keys import Keys
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.status_bar import PanelTabs
from papertape.tui.widgets.table import Row, Table
from papertape_ml.registry.manifest import Manifest
from papertape_ml.tui import live_sheet, sheets, shelf
from papertape_ml.tui.asking import Live
from papertape_ml.tui.dialogs import Folder
from papertape_ml.tui.messages import Described, LiveTold, Looked, LookFailed
from papertape_ml.tui.sheet import SHEETS, Sheet
from papertape_ml.tui.shelf import Line, Place, Shelf
from papertape_ml.tui.sightings import Sighting, Sightings
from papertape_ml.tui.versions import VERSIONS, version_rows

Layout = Literal["compact", "normal", "wide"]
EVERY = 1.0
"""Seconds between two looks."""
EMPTY = """No models yet.

papertape train classifier --source candles/   makes one
papertape models import models/                brings in the starters
g                                              opens a registry in a folder"""
KEYS = (
    (
        "Models",
        (
            ("up  down", "go from version to version"),
            ("1 … 6", "show a sheet of the version under the cursor"),
            ("p", "promote it: champion has gates, other aliases have none"),
            ("r", "roll an alias of its model back to the version before"),
            ("u", "ask the ledger again what it said, and what came of it"),
            ("g", "another registry: the ledger's, or one in a folder"),
        ),
    ),
    (
        "Going around",
        (("escape", "back"), ("t", "dark or light"), ("ctrl+p", "every command by name"), ("q", "leave")),
    ),
)
CSS = """
#shelf { height: auto; max-height: 40%; }
#versions { height: auto; max-height: 100%; }
#trouble-of-models { color: $error; height: auto; display: none; }
#none-yet { height: auto; display: none; }
#sheets { layout: grid; grid-size: 1 1; height: 1fr; }
#sheets.-normal { grid-size: 2 1; }
#sheets.-wide { grid-size: 3 2; }
"""


class VersionsScreen(Screen[None]):
    """The versions of one registry; at first of the one that the session uses from which the person came."""

    CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(place + 1), f"sheet({place})", show=False) for place in range(len(SHEETS))),
    ]

    def __init__(self, around: Surroundings) -> None:
        super().__init__()
        self.around = around
        self.place = Place(around.ledger)
        self.shelf: Shelf | None = None
        self.sightings: tuple[Sighting, ...] = ()
        self.below = 0  # the sheet that stands where they take turns
        self.form: Layout = "compact"
        self._manifests: dict[str, Manifest | str] = {}
        self._described = ""  # the checksum of the version whose manifest is being read, or was read last
        self._live = Live(self, around.home)
        self._over, self._wake = Event(), Event()

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel", id="shelf") as box:
            box.border_title = label("Models")
            yield Static(id="trouble-of-models")
            yield Static(EMPTY, id="none-yet", markup=False)
            yield Table(VERSIONS, "reading the registry …", id="versions")
        yield PanelTabs(tuple(SHEETS))
        with Container(id="sheets"):
            for title, (columns, empty) in SHEETS.items():
                yield Sheet(title, columns, empty)
        yield Keys()

    def on_mount(self) -> None:
        self.query_one("#versions", Table).focus()
        self._arrange()
        self.look()

    def on_unmount(self) -> None:
        self._over.set()
        self._wake.set()
        self._live.call_off()

    # Looking

    @work(thread=True, group="watch")
    def look(self) -> None:
        """Looks at the registry and the sessions again and again."""
        sightings = Sightings()
        if self.around.session is not None:
            self.place = Place(self.around.ledger, shelf.folder_of(self.around.ledger, self.around.session))
        while not self._over.is_set():
            place = self.place
            try:
                found = shelf.read_shelf(place)
                self.post_message(Looked(place, found, _seen(sightings, place.ledger)))
            except PapertapeError as error:
                self.post_message(LookFailed(place, str(error)))
            self._wake.wait(EVERY)
            self._wake.clear()

    def on_looked(self, event: Looked) -> None:
        if event.place != self.place:
            return
        self._trouble("")
        if (event.shelf, event.sightings) == (self.shelf, self.sightings):
            return
        self.shelf, self.sightings = event.shelf, event.sightings
        self.query_one("#shelf").border_title = label("  ".join(filter(None, ("Models", event.shelf.name))), 90)
        table = self.query_one("#versions", Table)
        table.show(version_rows(event.shelf, event.sightings))
        for part in (table, self.query_one(PanelTabs), self.query_one("#sheets")):
            part.display = bool(table.rows)
        self.query_one("#none-yet").display = not table.rows
        table.styles.height = max(2, len(table.rows) + 1)
        self._show()

    def on_look_failed(self, event: LookFailed) -> None:
        if event.place == self.place:
            self._trouble(event.trouble)

    def _trouble(self, words: str) -> None:
        trouble = self.query_one("#trouble-of-models", Static)
        trouble.update(label(words, LONGEST))
        trouble.display = bool(words)

    @property
    def line(self) -> Line | None:
        """The version under the cursor."""
        key = self.query_one("#versions", Table).key if self.is_mounted else None
        return next((line for line in self.shelf.lines if str(line) == key), None) if self.shelf and key else None

    @on(Table.Pointed, "#versions")
    def pointed(self) -> None:
        """Shows the sheets of another version."""
        self._show()

    @work(thread=True, group="describe", exclusive=True)
    def describe(self, line: Line) -> None:
        """Reads the manifest of a version."""
        try:
            self.post_message(Described(line.row.checksum, shelf.read_manifest(self.place, *line.row[:2])))
        except PapertapeError as error:
            self.post_message(Described(line.row.checksum, None, str(error)))

    def on_described(self, event: Described) -> None:
        self._manifests[event.checksum] = event.manifest or event.trouble
        self._show()

    # What it did live

    def on_live_told(self, event: LiveTold) -> None:
        self._live.told(event)
        self._show()

    def action_ask_again(self) -> None:
        """Forgets what was said live and what could not be read, and asks again."""
        self._live.forget()
        self._manifests = {key: each for key, each in self._manifests.items() if not isinstance(each, str)}
        self._described = ""
        self._wake.set()
        self._show()

    # What stands where

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.form = (
            "wide" if width >= 150 and height >= 42 else "normal" if width >= 110 and height >= 30 else "compact"
        )
        self._arrange()

    def _arrange(self) -> None:
        if self.form == "wide":
            standing = frozenset(range(len(SHEETS)))
        else:
            standing = frozenset({self.below} if self.form == "compact" else {0, max(self.below, 1)})
        self.query_one("#sheets").set_class(self.form == "normal", "-normal")
        self.query_one("#sheets").set_class(self.form == "wide", "-wide")
        for place, sheet in enumerate(self.query(Sheet)):
            sheet.display = place in standing
        self.query_one(PanelTabs).show(standing)
        self._show()

    def _show(self) -> None:
        line = self.line
        for title, sheet in zip(SHEETS, self.query(Sheet), strict=True):
            if sheet.display:
                sheet.say(line, [] if line is None else self._sheet(title, line))
        self.refresh_bindings()

    def _sheet(self, title: str, line: Line) -> list[Row]:
        assert self.shelf is not None, "there is a version under the cursor"
        row = line.row
        if title in ("About", "Figures"):
            manifest = self._manifests.get(row.checksum)
            if manifest is None:
                if self._described != row.checksum:
                    self._described = row.checksum
                    self.describe(line)
                return sheets.sentences("wait", "reading its manifest …", "faint")
            if isinstance(manifest, str):
                return sheets.sentences("trouble", f"✗ {manifest}", "error")
            return sheets.about(line, manifest) if title == "About" else sheets.figures(manifest)
        if title == "Live":
            found = self._live.of(line, self.place)
            if found is None:
                return sheets.sentences("wait", "asking the ledger what it said, and what came of it …", "faint")
            if isinstance(found, str):
                return sheets.sentences("trouble", f"✗ {found}", "error")
            return list(live_sheet.live(found))
        if title == "Gates":
            return sheets.gates(self.shelf.moves, row.name, row.version)
        if title == "History":
            return sheets.history(self.shelf.moves, row.name)
        return sheets.sessions(self.sightings, row.checksum)

    def action_sheet(self, place: int) -> None:
        """Shows a sheet, and goes to it."""
        self.below = place
        self._arrange()
        self.call_after_refresh(list(self.query(Sheet))[place].query_one(Table).focus)

    def on_panel_tabs_picked(self, event: PanelTabs.Picked) -> None:
        self.action_sheet(event.number)

    def action_help(self) -> None:
        """Shows the keys."""
        self.app.push_screen(Help(KEYS))

    @work(group="ask")
    async def action_registry(self) -> None:
        """Asks for another registry."""
        present = "" if self.place.folder is None else str(self.place.folder)
        folder = await self.app.push_screen_wait(Folder(present))
        if folder is None:
            return
        self._live.call_off()
        self.place = Place(self.around.ledger, Path(folder).expanduser().absolute() if folder else None)
        self.shelf = None
        self.query_one("#shelf").border_title = label(f"Models  {self.place.folder or ''}", 90)
        self.query_one("#versions", Table).show([])
        self._show()
        self._wake.set()


def _seen(sightings: Sightings, url: str) -> tuple[Sighting, ...]:
    try:
        with Ledger.open(url, patience=PATIENCE) as ledger:
            return sightings.look(ledger)
    except NoLedgerYet:
        return ()
