"""Asking the ledger what a version said in sessions: in a process of its own, since it may fold a whole session."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from papertape_ml.tui.errands import Errand, ErrandFailed
from papertape_ml.tui.messages import LiveTold
from papertape_ml.tui.shelf import Line, Place

REST = 0.3
"""Seconds that the cursor rests on a version before the ledger is asked."""


class Live:
    """What is known so far, by version. One question is on its way at most: the last one that was put."""

    def __init__(self, screen: Screen[None], home: Path) -> None:
        self._screen, self._home = screen, home
        self._known: dict[str, Mapping[str, Any] | str] = {}
        self._asked: str | None = None
        self._errand: Errand | None = None

    def of(self, line: Line, place: Place) -> Mapping[str, Any] | str | None:
        """The document of a version, or why there is none; None where the question is on its way."""
        checksum = line.row.checksum
        if checksum not in self._known and self._asked != checksum:
            self.call_off()
            self._asked = checksum
            self._screen.set_timer(REST, partial(self._begin, line, place))
        return self._known.get(checksum)

    def told(self, event: LiveTold) -> None:
        """Keeps an answer."""
        self._known[event.checksum] = event.trouble if event.document is None else event.document
        if self._asked == event.checksum:
            self._asked = self._errand = None

    def forget(self) -> None:
        """Has everything asked again."""
        self.call_off()
        self._known.clear()

    def call_off(self) -> None:
        """Ends the question that is on its way."""
        if self._errand is not None:
            self._errand.call_off()
        self._asked = self._errand = None

    def _begin(self, line: Line, place: Place) -> None:
        if self._asked == line.row.checksum and self._errand is None:
            self._errand = Errand(self._home)
            self._screen.run_worker(partial(self._ask, line, place, self._errand), thread=True, group="live")

    def _ask(self, line: Line, place: Place, errand: Errand) -> None:
        folder = [] if place.folder is None else ["--registry", str(place.folder)]
        try:
            found = errand.command("models", "show", str(line), "--live", "--json", "--db", place.ledger, *folder)
            self._screen.post_message(LiveTold(line.row.checksum, found))
        except ErrandFailed as error:
            if not errand.called_off:
                self._screen.post_message(LiveTold(line.row.checksum, None, str(error)))
