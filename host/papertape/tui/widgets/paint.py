"""Painting: from canvases and rows of styled texts to the strips that a terminal is sent."""

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from papertape.tui.core.text import shown
from papertape.tui.drawing.canvas import Canvas, Run
from papertape.tui.theme import plain_styles, styles


def label(text: object, room: int | None = None) -> Content:
    """A text as content that is never read as markup, and acts on no terminal."""
    return Content(shown(text, room))


class Painted(Widget):
    """A widget whose lines are runs of safe text, each with the name of a style (`theme.PAINTS`)."""

    _paints: tuple[str, dict[str, Style]] = ("", {})

    def strip(self, runs: Iterable[Run], width: int, over: Style | None = None) -> Strip:
        """One line of `width` cells; `over` goes over every style."""
        base = self.visual_style.rich_style  # `rich_style` is the same, found anew each time
        base = base if over is None else base + over
        segments = [Segment(text, base + self.named(name) + over) for text, name in runs]
        return Strip(segments).adjust_cell_length(width, base)

    def named(self, name: str) -> Style:
        """What a style's name stands for in the theme of the moment; nothing for none."""
        theme, paints = self._paints
        if theme != self.app.theme:
            paints = plain_styles() if self.app.no_color else styles(self.app.theme_variables)
            self._paints = (self.app.theme, paints)
        return paints[name] if name else Style.null()


class Picture(Painted, can_focus=True):
    """A widget that is one canvas, drawn anew for each size and each value."""

    _drawn: tuple[int, int, Canvas] | None = None

    def picture(self, width: int, height: int) -> Canvas:
        """What to show at that size."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Shows a new picture."""
        self._drawn = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if self._drawn is None or self._drawn[:2] != (width, height):
            self._drawn = (width, height, self.picture(width, height))
        canvas = self._drawn[2]
        return self.strip(canvas.runs(y) if y < canvas.height else (), width)


def centred(width: int, height: int, *lines: str) -> Canvas:
    """A canvas with a few words in its middle: what to say where there is nothing to draw."""
    canvas = Canvas(width, height)
    for place, line in enumerate(lines):
        text = shown(line, width)
        canvas.put((width - len(text)) // 2, (height - len(lines)) // 2 + place, text, "faint" if place else "strong")
    return canvas
