"""The models screen: looking at versions, promotion through gates, and stepping back."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from textual import work
from textual.binding import Binding, BindingType

from papertape.contract.errors import PapertapeError
from papertape.contract.screen import Surroundings
from papertape.tui.core.text import shown
from papertape.tui.screens.dialogs import Pick
from papertape.tui.widgets.table import Cell, Column, Row
from papertape_ml.tui import sheets, shelf
from papertape_ml.tui.browsing import VersionsScreen
from papertape_ml.tui.dialogs import Promote, StepBack, Wanted
from papertape_ml.tui.gates import Decision, Gates
from papertape_ml.tui.messages import Looked, Moved
from papertape_ml.tui.shelf import CHAMPION, Line, Place
from papertape_ml.tui.sightings import Sighting

NO_GATES = "nothing: it was imported, moved as another alias is, or forced without a judgement."


class ModelsScreen(VersionsScreen):
    """Versions, and moving the aliases that point to them. Whether sessions take what was promoted here is told."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "promote", "Promote"),
        Binding("r", "roll_back", "Roll back"),
        Binding("u", "ask_again", "Look again"),
        Binding("g", "registry", "Registry"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("escape", "app.pop_screen", "Back"),
    ]

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._awaited: tuple[str, str, frozenset[Sighting]] | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are not offered."""
        line = self.line
        if action == "promote":
            return line is not None
        if action == "roll_back":
            return line is not None and bool(self._steps(line))
        return True

    def on_looked(self, event: Looked) -> None:
        self._tell_of_pickup(event.sightings)

    @work(group="ask")
    async def action_promote(self) -> None:
        """Asks for what and on what; through the gates, where it is the champion."""
        line = self.line
        if line is None or self.shelf is None:
            return
        place, sessions = self.place, tuple(dict.fromkeys(each.session for each in self.sightings))
        wanted = await self.app.push_screen_wait(Promote(line, sessions[:1]))
        if wanted is None:
            return
        if wanted.alias != CHAMPION:
            present = self.shelf.target(line.row.name, wanted.alias)
            self.move(place, line, wanted.alias, present, wanted.why or "promoted", {})
            return
        request = {
            "ledger": place.ledger,
            "folder": None if place.folder is None else str(place.folder),
            "name": line.row.name,
            "version": line.row.version,
            "shadow": wanted.shadow,
            "options": wanted.options,
            "at": self.around.clock(),
        }
        decision = await self.app.push_screen_wait(Gates(line, request, self.around.home))
        self._wake.set()
        if decision is not None:
            self._decided(place, line, wanted, decision)

    def _decided(self, place: Place, line: Line, wanted: Wanted, decision: Decision) -> None:
        """Carries out what was decided."""
        assert self.shelf is not None, "somebody decided about something on it"
        judged, why = decision.judged, decision.why or wanted.why
        if not decision.take:
            if judged is not None:
                self.notify(f"{CHAMPION} stays as it was; the history keeps what was found", markup=False)
        elif judged is None:
            evidence = {"forced": True, "not_judged": decision.trouble}
            self.move(place, line, CHAMPION, self.shelf.target(line.row.name, CHAMPION), why, evidence)
        else:  # the entry of the judging has the span: it counts as one use of it
            forced = {"forced": True} if judged["stopped_by"] else {}
            evidence = {key: value for key, value in judged["evidence"].items() if key != "span"} | forced
            self.move(place, line, CHAMPION, judged["present"], why or "all gates passed", evidence)

    @work(thread=True, group="move")
    def move(
        self, place: Place, line: Line, alias: str, present: int | None, why: str, evidence: Mapping[str, Any]
    ) -> None:
        """Makes an alias point to a version."""
        try:
            done = shelf.move(
                place, line.row.name, alias, line.row.version, present=present, why=why, at=self.around.clock(),
                evidence=evidence,
            )  # fmt: skip
            self.post_message(Moved(done))
        except PapertapeError as error:
            self.post_message(Moved(None, str(error)))

    @work(thread=True, group="move")
    def step_back(self, place: Place, name: str, alias: str, present: int, why: str) -> None:
        """Takes an alias one step back."""
        try:
            done = shelf.roll_back(place, name, alias, present=present, why=why, at=self.around.clock())
            self.post_message(Moved(done))
        except PapertapeError as error:
            self.post_message(Moved(None, str(error)))

    def on_moved(self, event: Moved) -> None:
        move = event.move
        if move is None:
            self.notify(shown(event.trouble), title="Nothing has moved", severity="error", markup=False)
            return
        words = f"{move.name}@{move.alias} points to version {move.to_version} now"
        self.notify(shown(words), markup=False)
        line = None if self.shelf is None else self.shelf.find(move.name, move.to_version)
        if line is not None:
            self._awaited = f"{move.name}@{move.alias}", line.row.checksum, frozenset(self.sightings)
        self._wake.set()

    def _tell_of_pickup(self, sightings: tuple[Sighting, ...]) -> None:
        """Says which sessions have taken the version that was promoted here last, as their tapes have it."""
        if self._awaited is None:
            return
        reference, checksum, known = self._awaited
        fresh = [each for each in sightings if each not in known and each.running and each.at is not None
                 and (each.reference, each.checksum) == (reference, checksum)]  # fmt: skip
        for each in fresh:
            severity: Literal["information", "error"] = "information" if each.refused is None else "error"
            why = "" if each.refused is None else f": {each.refused}"
            words = f"session {each.session}: {sheets.since(each)}{why}"
            self.notify(shown(words), title=shown(reference), severity=severity, markup=False)
        self._awaited = reference, checksum, known | frozenset(sightings)

    def _steps(self, line: Line) -> dict[str, tuple[int, int]]:
        """The aliases of a version's model that have something to go back to: from which version to which."""
        pointers = {} if self.shelf is None else self.shelf.aliases(line.row.name)
        return {alias: (each.stack[-1], each.stack[-2]) for alias, each in pointers.items() if len(each.stack) > 1}

    @work(group="ask")
    async def action_roll_back(self) -> None:
        """Asks which alias, and whether really."""
        line, place = self.line, self.place
        if line is None or self.shelf is None:
            return
        steps, name = self._steps(line), line.row.name
        alias: str | None = next(iter(steps))
        if len(steps) > 1:
            rows = [Row(each, (Cell(each, "strong"), Cell(f"@{now} ▸ @{back}"))) for each, (now, back) in steps.items()]
            columns = (Column("alias", most=40), Column("now ▸ then", most=30))
            alias = await self.app.push_screen_wait(Pick(f"Roll back an alias of {name}", columns, rows))
        if alias is None:
            return
        now, back = steps[alias]
        words = (
            f"{name}@{alias} points to version {now}. Shall it point to version {back} again? What gates said of it:"
        )
        rows = sheets.gates(self.shelf.moves, name, back) or sheets.sentences("none", NO_GATES, "faint")
        why = await self.app.push_screen_wait(StepBack(f"Roll back {name}@{alias}", words, rows))
        if why is not None:
            self.step_back(place, name, alias, now, why)
