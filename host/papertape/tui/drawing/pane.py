"""A pane below a candle chart: lines over the same candles on a scale of their own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from papertape.tui.drawing.candle_chart import Overlay
from papertape.tui.drawing.canvas import Canvas
from papertape.tui.drawing.dots import Lit, between, stamp, trace
from papertape.tui.drawing.scale import decimals, ticks

LEAST = 4
"""Rows below which nothing can be read."""
_SHARE = (0.0, 100.0)
_OFTEN = (30.0, 70.0)
"""What oscillators from 0 to 100 are read against."""


def draw(
    lines: Sequence[Overlay],
    bars: Sequence[Overlay],
    width: int,
    height: int,
    columns: int,
    bounds: tuple[float, float] = (float("-inf"), float("inf")),
) -> Canvas:
    """The newest values in `columns` columns, the last one at their right edge, with a scale right of them. `bars`:
    lines that are filled to zero, behind the others. `bounds`: the range that the values can have."""
    canvas = Canvas(width, height)
    shown = [line.values[-columns:] for line in (*bars, *lines)]
    known = np.concatenate([values[np.isfinite(values)] for values in shown]) if shown else np.zeros(0)
    if not len(known) or height < 2 or columns < 2:
        return canvas
    low, high = _range(known, bounds, bool(bars))
    marks = [each for each in _OFTEN if bounds == _SHARE] or ticks(low, high, max(2, height // 2))
    places = decimals(marks)
    for mark in marks:
        row = _row(mark, low, high, height)
        canvas.put(0, row, ("· " * columns)[:columns], "grid")
        canvas.put(columns + 2, row, f"{mark:,.{places}f}"[: max(0, width - columns - 2)], "axis")

    def heights(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return (high - values) / (high - low) * (4 * height - 1)

    zero = float(np.clip(heights(np.zeros(1))[0], 0, 4 * height - 1))
    taken: set[int] = set()
    for line in (*bars, *lines):
        values = line.dashed[-columns:]
        left = columns - len(values)
        dots = _filled(heights(values), zero, height) if line in bars else trace(heights(values), height)
        stamp(canvas, dots, line.style, left)
        last = float(line.values[-1])
        row = _row(last, low, high, height) if last == last else -1
        free = [each for each in (row, row - 1, row + 1) if 0 <= each < height and each not in taken]
        if row >= 0 and free:
            taken.add(free[0])
            canvas.put(columns, free[0], line.mark, line.style)
    return canvas


def _range(known: NDArray[np.float64], bounds: tuple[float, float], from_zero: bool) -> tuple[float, float]:
    low, high = float(known.min()), float(known.max())
    if bounds == _SHARE:
        low, high = min(low, _OFTEN[0]), max(high, _OFTEN[1])
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = (high - low) * 0.05 or abs(high) * 0.01 or 1.0
    return low - margin, high + margin


def _row(value: float, low: float, high: float, height: int) -> int:
    return int(np.clip(round((high - value) / (high - low) * (height - 1)), 0, height - 1))


def _filled(heights: NDArray[np.float64], zero: float, rows: int) -> Lit:
    """Bars from zero, one dot wide."""
    ends = np.round(np.column_stack((heights, np.where(np.isnan(heights), np.nan, zero))))
    bars = np.full((2, 2 * len(heights)), np.nan)
    bars[:, ::2] = ends.min(axis=1), ends.max(axis=1)
    return between(bars[0], bars[1], rows)
