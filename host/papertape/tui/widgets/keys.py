"""The line of keys at the bottom. Textual's own is made of a widget for each key, and made anew at each change."""

from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.strip import Strip

from papertape.tui.drawing.canvas import Run
from papertape.tui.widgets.paint import Painted


class Keys(Painted):
    """The keys that do something now, and what each does; a click does it too."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def offered(self) -> list[tuple[Binding, str]]:
        """The bindings to show, each with the name of its key."""
        active = self.screen.active_bindings.values()
        return [
            (one.binding, self.app.get_key_display(one.binding)) for one in active if one.binding.show and one.enabled
        ]

    def render_line(self, y: int) -> Strip:
        runs: list[Run] = []
        for binding, key in self.offered():
            runs += [(f" {key} ", "key"), (f"{binding.description} ", "")]
        return self.strip(runs, self.size.width)

    def on_click(self, event: events.Click) -> None:
        at = 0
        for binding, key in self.offered():
            room = len(key) + len(binding.description) + 3
            if at <= event.x < at + room:
                self.app.simulate_key(binding.key)
                return
            at += room
