"""The line at the top of the session screen, and the strip of its panels."""

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip

from papertape.tui.core.text import clock, shown, span
from papertape.tui.core.views import SessionView
from papertape.tui.drawing.canvas import Run
from papertape.tui.widgets.paint import Painted

_STATUS = {
    "running": ("● running", "good"),
    "finished": ("■ finished", "faint"),
    "stopped": ("■ stopped", "warning"),
    "interrupted": ("✗ interrupted", "error"),
    "failed": ("✗ failed", "error"),
}


class StatusBar(Painted):
    """Which session this is and how it stands; trouble with the ledger, and commands that wait, go first."""

    def __init__(self) -> None:
        super().__init__()
        self.view: SessionView | None = None
        self.trouble = ""

    def show(self, view: SessionView | None, trouble: str) -> None:
        """Shows another state of affairs."""
        self.view, self.trouble = view, trouble
        self.refresh()

    def render_line(self, y: int) -> Strip:
        runs: list[Run] = []
        room = self.size.width
        for text, style in self._parts():
            fitted = shown(text, room)
            if fitted:
                runs += [(fitted, style), ("  ", "")]
            room -= len(fitted) + 2
            if room < 6:
                break
        return self.strip(runs, self.size.width)

    def _parts(self) -> list[Run]:
        view = self.view
        if view is None:
            return [(self.trouble, "error") if self.trouble else ("reading the ledger …", "faint")]
        trouble = [("✗ ledger lost, trying again", "error")] if self.trouble else []
        status = ("‖ held", "warning") if view.running and view.held else _STATUS[view.status]
        pace = [(view.pace, "faint")] if view.running and view.pace and not view.held else []
        paused = [("‖ paused: nothing is traded", "warning")] if view.running and view.paused else []
        muted = [(f"! {feed_state(view)[0]}", "warning")] if view.running and feed_state(view)[1] else []
        waiting = [(f"… {one.words}", "warning") for one in view.commands if one.state == "waiting"]
        now = f"{clock(view.now)} UTC" if view.now else ""
        of = f" of {view.limit:,}" if view.limit else ""
        return [
            (view.id, "strong"),
            status,
            *pace,
            *paused,
            *trouble,
            *muted,
            *waiting,
            (now, ""),
            (f"{view.batches:,}{of} batches", "faint"),
            (f"{view.feed} {view.timeframe}", "faint"),
            (" ".join(view.symbols), "faint"),
            (view.ledger, "faint"),
        ]


def feed_state(view: SessionView) -> tuple[str, str]:
    """How the feed of a session that runs stands, in a few words; what that means, empty where all is well."""
    if view.backfilling and view.delay is not None:
        return f"backfilling, {span(view.delay)} behind", "candles that were missed are taken in, nothing is traded"
    if view.muted:
        return "feed muted", "signals are recorded, nothing is traded"
    stale = sum(one.state == "stale" for one in view.data)
    if stale:
        return f"{stale} of {len(view.data)} stale", "nothing is entered in a symbol that is stale"
    return "fresh", ""


class PanelTabs(Painted):
    """The panels by number; those that stand on the screen now are marked."""

    @dataclass
    class Picked(Message):
        """A panel's name was clicked."""

        number: int

    def __init__(self, titles: tuple[str, ...]) -> None:
        super().__init__()
        self.titles = titles
        self.standing: frozenset[int] = frozenset()

    def show(self, standing: frozenset[int]) -> None:
        """Marks the panels that stand on the screen, by place."""
        self.standing = standing
        self.refresh()

    def render_line(self, y: int) -> Strip:
        runs: list[Run] = []
        for place, text in enumerate(self._texts()):
            here = place in self.standing
            runs.append((text, "tab-here" if here else "faint"))
        return self.strip(runs, self.size.width)

    def on_click(self, event: events.Click) -> None:
        at = 0
        for place, text in enumerate(self._texts()):
            if at <= event.x - self.styles.padding.left < at + len(text):
                self.post_message(self.Picked(place))
            at += len(text)

    def _texts(self) -> list[str]:
        """As wide as there is room for: marks of brackets tell the standing ones also without colour."""
        whole = sum(len(title) + 4 for title in self.titles) <= self.size.width
        titles = self.titles if whole else tuple(title[:5] for title in self.titles)
        return [
            f"[{place + 1} {title}]" if place in self.standing else f" {place + 1} {title} "
            for place, title in enumerate(titles)
        ]
