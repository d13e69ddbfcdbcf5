"""Indicators on a chart: which lie over the candles and which in panes below, their marks, and their legends.

Each has a mark, a digit, which stands at its end and in the legend: without colour it can be told from the others.
"""

from collections.abc import Sequence
from typing import NamedTuple

from papertape.tui.core.indicators import Series
from papertape.tui.core.text import cut, price
from papertape.tui.drawing import pane
from papertape.tui.drawing.candle_chart import Overlay
from papertape.tui.drawing.canvas import Canvas

MOST = 9
"""Indicators with a mark of their own."""
_PANED = 18
"""Rows of a chart from which one pane has room; another for each half as many more."""
_FILLED = "_hist"
"""What a feature has in its name whose distance from zero is what counts."""


class Marked(NamedTuple):
    """An indicator with its mark and style."""

    series: Series
    overlay: Overlay


class Pane(NamedTuple):
    """A pane of so many rows, its legend included."""

    lines: tuple[Marked, ...]
    rows: int


def parted(series: Sequence[Series], height: int) -> tuple[list[Marked], list[Pane], list[Marked]]:
    """What goes over the candles of a chart so many rows high; the panes that have room below, one for a study, where
    the newest go first; and those for which there is none."""
    marked = [
        Marked(one, Overlay(one.values, str(place + 1), f"study-{place % 6}", one.settled))
        for place, one in enumerate(series[:MOST])
    ]
    over = [one for one in marked if one.series.place == "price"]
    below = [one for one in marked if one.series.place == "pane"]
    owners = list(dict.fromkeys(one.series.study for one in below))
    room = max(0, (height - _PANED // 2) // (_PANED // 2))
    shown = owners[-room:] if room else []
    rows = max(pane.LEAST + 1, height // 6)
    panes = [Pane(tuple(one for one in below if one.series.study == owner), rows) for owner in shown]
    return over, panes, [one for one in below if one.series.study not in shown]


def legend(canvas: Canvas, y: int, lines: Sequence[Marked], place: int) -> None:
    """Mark, name and value of each at a candle, as many as there is room for. `~` stands before a value that depends on
    where the candles begin; where there is room, the newest one says after how many more it will not."""
    texts = [_told(one, place, whole=True) for one in lines]
    if sum(len(text) + 2 for text in texts) - 2 > canvas.width:
        texts = [_told(one, place, whole=False) for one in lines]
    x = 0
    for one, text in zip(lines, texts, strict=True):
        if x + len(text) > canvas.width:
            canvas.put(x, y, cut("…", canvas.width - x), "faint")
            return
        canvas.put(x, y, text, one.overlay.style)
        x += len(text) + 2


def _told(one: Marked, place: int, whole: bool) -> str:
    values, settled = one.series.values, one.series.settled
    value = float(values[place]) if place < len(values) else float("nan")
    early = place + 1 < settled
    known = f"{'~' if early else ''}{price(value)}" if value == value else "…"
    left = f" (exact in {settled - len(values):,})" if whole and early and place == len(values) - 1 else ""
    return f"{one.overlay.mark} {one.series.name} {known}{left}"


def draw_pane(below: Pane, width: int, columns: int) -> Canvas:
    """The lines of a pane, without its legend."""
    filled = [one.overlay for one in below.lines if _FILLED in one.series.name]
    lines = [one.overlay for one in below.lines if _FILLED not in one.series.name]
    bounds = (below.lines[0].series.low, below.lines[0].series.high)
    return pane.draw(lines, filled, width, below.rows - 1, columns, bounds)
