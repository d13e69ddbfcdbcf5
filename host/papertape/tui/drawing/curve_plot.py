"""Curves of many books in one plot, in braille dots: two columns and four rows of them in a cell.

Each curve ends in its letter, so that it can be told from the others without colour.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from papertape.tui.core.views import Line
from papertape.tui.drawing.canvas import Canvas
from papertape.tui.drawing.scale import decimals, ticks, time_marks

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BRAILLE = 0x2800
_BLOCKS = "▁▂▃▄▅▆▇█"


class Curve(NamedTuple):
    """A line, the letter at its end, and its style's name."""

    line: Line
    letter: str
    style: str


def draw(curves: Sequence[Curve], width: int, height: int, base: float | None = None) -> Canvas:
    """All curves over one time and one scale, the last of them on top. `base`: a value to mark by a dotted line."""
    canvas = Canvas(width, height)
    shown = [curve for curve in curves if len(curve.line.times)]
    if not shown or height < 3:
        return canvas
    values = [each for curve in shown for each in (curve.line.values.min(), curve.line.values.max())]
    low, high = float(min(values)), float(max(values))
    if base is not None:
        low, high = min(low, base), max(high, base)
    margin = (high - low) * 0.05 or abs(high) * 0.001 or 1.0
    low, high = low - margin, high + margin
    marks = ticks(low, high, max(3, (height - 1) // 2))
    places = decimals(marks)
    labels = [f"{mark:,.{places}f}" for mark in marks]
    axis = max(map(len, labels), default=0) + 4
    columns, rows = width - axis, height - 1
    if columns < 4:
        return canvas
    first = min(int(curve.line.times[0]) for curve in shown)
    last = max(int(curve.line.times[-1]) for curve in shown)

    def row_of(value: float) -> int:
        return min(rows - 1, max(0, int((high - value) / (high - low) * rows)))

    for mark, label in zip(marks, labels, strict=True):
        canvas.put(0, row_of(mark), ("· " * columns)[:columns], "grid")
        canvas.put(width - len(label), row_of(mark), label, "axis")
    if base is not None:
        canvas.put(0, row_of(base), "╌" * columns, "base")
    for curve in shown:
        _plot(canvas, curve, columns, rows, (first, last), (low, high))
    _letters(canvas, shown, columns, rows, row_of)
    free = 0
    for at, label in time_marks(first, last, max(1, columns // 14)):
        x = round((at - first) / (last - first) * (columns - 1)) - len(label) // 2
        if x >= free and x + len(label) <= columns:
            canvas.put(x, rows, label, "axis")
            free = x + len(label) + 2
    return canvas


def spark(values: NDArray[np.float64], width: int) -> str:
    """A curve in one row of blocks, each column the mean of its part; empty without values.

    >>> spark(np.arange(8.0), 8), spark(np.zeros(3), 3)
    ('▁▂▃▄▅▆▇█', '▄▄▄')
    """
    if not len(values) or width < 1:
        return ""
    edges = np.linspace(0, len(values), min(width, len(values)) + 1).astype(int)[:-1]
    means = np.add.reduceat(values, edges) / np.diff(np.append(edges, len(values)))
    low, high = float(means.min()), float(means.max())
    if not high > low:
        return "▄" * len(means)
    return "".join(_BLOCKS[int(level)] for level in np.round((means - low) / (high - low) * 7))


def _plot(
    canvas: Canvas, curve: Curve, columns: int, rows: int, span: tuple[int, int], scale: tuple[float, float]
) -> None:
    (first, last), (low, high) = span, scale
    dots = np.zeros((rows, columns), np.int64)
    wide, tall = 2 * columns, 4 * rows
    length = max(1, last - first)
    xs = np.clip(((curve.line.times - first) / length * (wide - 1)).astype(int), 0, wide - 1)
    ys = np.clip(((high - curve.line.values) / (high - low) * tall).astype(int), 0, tall - 1)
    for x, top, bottom in _columns(xs, ys):
        for y in range(top, bottom + 1):
            dots[y // 4, x // 2] |= _DOTS[y % 4][x % 2]
    for y, x in zip(*np.nonzero(dots), strict=True):
        under = canvas.at(int(x), int(y))  # where curves meet, the dots of both stay
        met = ord(under) - _BRAILLE if under and _BRAILLE <= ord(under) < _BRAILLE + 256 else 0
        canvas.put(int(x), int(y), chr(_BRAILLE + (int(dots[y, x]) | met)), curve.style)


def _columns(xs: NDArray[np.int64], ys: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Column by column, from where to where the line goes, joined to the column before."""
    found: list[tuple[int, int, int]] = []
    starts = np.flatnonzero(np.diff(xs, prepend=-1))
    ends = np.append(starts[1:], len(xs))
    before: tuple[int, int] | None = None
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        x, part = int(xs[start]), ys[start:end]
        if before is not None:
            gap = range(before[0] + 1, x)
            for between in gap:  # a straight line over columns without a point
                y = round(before[1] + (int(part[0]) - before[1]) * (between - before[0]) / (x - before[0]))
                found.append((between, y, y))
            link = found[-1][1] if gap else before[1]
            low, high = min(int(part.min()), link), max(int(part.max()), link)
            found.append((x, low, high) if abs(link - int(part[0])) > 1 else (x, int(part.min()), int(part.max())))
        else:
            found.append((x, int(part.min()), int(part.max())))
        before = x, int(part[-1])
    return found


def _letters(canvas: Canvas, shown: Sequence[Curve], columns: int, rows: int, row_of: Callable[[float], int]) -> None:
    """Each letter as near to its curve's end as there is room, two in a row where they crowd."""
    free = {(row, slot) for row in range(rows) for slot in (0, 1)}
    for curve in sorted(shown, key=lambda curve: -float(curve.line.values[-1])):
        wanted = row_of(float(curve.line.values[-1]))
        if free:
            row, slot = min(free, key=lambda place: (abs(place[0] - wanted) + 0.6 * place[1], place))
            free.remove((row, slot))
            canvas.put(columns + 1 + slot, row, curve.letter, curve.style)
