"""The line of keys at the bottom. Textual's own is made of a widget for each key, and made anew at each change."""

from itertools import accumulate

from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.strip import Strip

from papertape.tui.drawing.canvas import Run
from papertape.tui.widgets.paint import Painted

_ALWAYS = ("question_mark", "q")


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

    def places(self) -> list[tuple[int, Binding, str]]:
        """The bindings for which there is room, each with its column and the name of its key. Where there is too
        little, help and leaving stay: from there the others are found."""
        offered = self.offered()
        kept = [each for each in offered if each[0].key in _ALWAYS]
        room = self.size.width - sum(map(_room, kept))
        shown: list[tuple[Binding, str]] = []
        for each in offered:
            if each not in kept:
                room -= _room(each)
            if each in kept or room >= 0:
                shown.append(each)
        ends = [0, *accumulate(map(_room, shown))]
        return [(at, *each) for at, each in zip(ends, shown, strict=False)]

    def render_line(self, y: int) -> Strip:
        runs: list[Run] = []
        for _, binding, key in self.places():
            runs += [(f" {key} ", "key"), (f"{binding.description} ", "")]
        return self.strip(runs, self.size.width)

    def on_click(self, event: events.Click) -> None:
        for at, binding, key in self.places():
            if at <= event.x < at + _room((binding, key)):
                self.app.simulate_key(binding.key)


def _room(each: tuple[Binding, str]) -> int:
    binding, key = each
    return len(key) + len(binding.description) + 3
