"""A canvas: rows of characters, each with the name of its style. Widgets turn names into colours."""

from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len

Run = tuple[str, str]
"""A text and the name of its style, empty for none."""
_room = lru_cache(1_024)(cell_len)
"""Cells of a character."""


class Canvas:
    """`width` x `height` cells, empty at first. What is put outside of it is not there."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self._cells: list[list[Run]] = [[(" ", "")] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, style: str = "") -> None:
        """Writes a safe text from a cell on, to the right; a wide character takes two cells."""
        if not 0 <= y < self.height:
            return
        row = self._cells[y]
        for char in text:
            room = _room(char)
            if room and 0 <= x and x + room <= self.width:
                row[x] = (char, style)
                if room == 2:
                    row[x + 1] = ("", style)
            x += room

    def paste(self, other: "Canvas", y: int) -> None:
        """Puts another canvas of the same width from row `y` on."""
        for place, row in enumerate(other._cells[: self.height - y]):
            self._cells[y + place] = row

    def at(self, x: int, y: int) -> str:
        """The character in a cell; empty outside."""
        return self._cells[y][x][0] if 0 <= x < self.width and 0 <= y < self.height else ""

    def runs(self, y: int) -> Iterator[Run]:
        """A row as texts of one style each."""
        text, style = "", ""
        for char, named in self._cells[y]:
            if named != style and text:
                yield text, style
                text = ""
            text, style = text + char, named
        if text:
            yield text, style

    def __str__(self) -> str:
        return "\n".join("".join(char for char, _ in row) for row in self._cells)
