"""What the panels of the session screen have in common."""

from typing import NamedTuple

from textual.containers import Vertical

from papertape.tui.core.text import clock
from papertape.tui.core.views import SessionView
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.table import Cell

BOOK_STYLES = 8
"""Hues that the books take turns with."""


class Choice(NamedTuple):
    """What the person looks at: a symbol, and one book, or all of them where None."""

    symbol: str = ""
    book: str | None = None


class Panel(Vertical):
    """A framed part of the session screen, which is handed a view and draws it."""

    TITLE = ""

    def __init__(self, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self.border_title = label(self.TITLE)
        self._entitled = self.TITLE
        self._seen: tuple[SessionView, Choice] | None = None

    def see(self, view: SessionView, choice: Choice) -> None:
        """Draws a view, unless it is what is drawn already."""
        if self._seen is None or self._seen[0] is not view or self._seen[1] != choice:
            self._seen = (view, choice)
            self.show(view, choice)

    def show(self, view: SessionView, choice: Choice) -> None:
        """Draws another view."""
        raise NotImplementedError

    def entitle(self, *parts: str) -> None:
        """Names what the panel shows, in its frame."""
        title = "  ".join(filter(None, (self.TITLE, *parts)))
        if title != self._entitled:
            self._entitled = title
            self.border_title = label(title, 60)


def hue(place: int) -> str:
    """The style of the book in that place."""
    return f"curve-{place % BOOK_STYLES}"


def hues(view: SessionView) -> dict[str, str]:
    """The style of each book."""
    return {book.name: hue(place) for place, book in enumerate(view.books)}


def moment(ts: int) -> Cell:
    """A time without its year."""
    return Cell(clock(ts)[5:], "faint")


def meter(share: float, width: int = 5) -> str:
    """A share from 0 to 1 as a bar, which also reads without colour.

    >>> meter(0.5), meter(1.0), meter(0.0)
    ('▰▰▰▱▱', '▰▰▰▰▰', '▱▱▱▱▱')
    """
    full = min(width, max(0, int(share * width + 0.5)))
    return "▰" * full + "▱" * (width - full)


def signed(amount: float) -> str:
    """The style of a gain or a loss."""
    return "up" if amount > 0 else "down" if amount < 0 else ""
