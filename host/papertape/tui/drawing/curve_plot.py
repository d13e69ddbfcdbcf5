"""Curves of many books in one plot, in braille dots: two columns and four rows of them in a cell.

Each curve ends in its letter, so that it can be told from the others without colour.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from papertape.tui.core.views import Line
from papertape.tui.drawing.canvas import Canvas
from papertape.tui.drawing.dots import between, stamp
from papertape.tui.drawing.scale import decimals, ticks, time_marks

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
    wide, tall = 2 * columns, 4 * rows
    length = max(1, last - first)
    xs = np.clip(((curve.line.times - first) / length * (wide - 1)).astype(int), 0, wide - 1)
    ys = np.clip(((high - curve.line.values) / (high - low) * tall).astype(int), 0, tall - 1)
    left, tops, bottoms = _columns(xs, ys)
    lit = np.zeros((tall, wide), bool)
    lit[:, left : left + len(tops)] = between(tops, bottoms, rows)
    stamp(canvas, lit, curve.style)


def _columns(xs: NDArray[np.int64], ys: NDArray[np.int64]) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """From which column on, and from where to where the line goes in each, joined to the column before; columns
    without a point hold a straight line."""
    starts = np.flatnonzero(np.diff(xs, prepend=-1))
    met, first, last = xs[starts] - xs[0], ys[starts], ys[np.append(starts[1:], len(xs)) - 1]
    columns = np.arange(int(met[-1]) + 1)
    before = np.searchsorted(met, columns, side="right") - 1
    after = np.minimum(before + 1, len(met) - 1)
    share = (columns - met[before]) / np.maximum(met[after] - met[before], 1)
    leaves = np.rint(last[before] + (first[after] - last[before]) * share).astype(int)
    tops, bottoms = leaves.copy(), leaves.copy()
    tops[met], bottoms[met] = np.minimum.reduceat(ys, starts), np.maximum.reduceat(ys, starts)
    here, comes = met[1:], leaves[met[1:] - 1]
    comes = np.where(np.abs(comes - first[1:]) > 1, comes, first[1:])  # rows that touch need no joint
    tops[here], bottoms[here] = np.minimum(tops[here], comes), np.maximum(bottoms[here], comes)
    return int(xs[0]), tops, bottoms


def _letters(canvas: Canvas, shown: Sequence[Curve], columns: int, rows: int, row_of: Callable[[float], int]) -> None:
    """Each letter as near to its curve's end as there is room, two in a row where they crowd."""
    free = {(row, slot) for row in range(rows) for slot in (0, 1)}
    for curve in sorted(shown, key=lambda curve: -float(curve.line.values[-1])):
        wanted = row_of(float(curve.line.values[-1]))
        if free:
            row, slot = min(free, key=lambda place: (abs(place[0] - wanted) + 0.6 * place[1], place))
            free.remove((row, slot))
            canvas.put(columns + 1 + slot, row, curve.letter, curve.style)
