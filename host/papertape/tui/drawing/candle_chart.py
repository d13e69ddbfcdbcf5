"""A candle chart: one candle a column, half a row of resolution, trades as arrows, levels as dashed lines.

A rising candle is solid and a falling one dashed, so that the chart can be read without colour.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Candle, Candles
from papertape.tui.core.text import price
from papertape.tui.drawing.canvas import Canvas
from papertape.tui.drawing.dots import stamp, trace
from papertape.tui.drawing.scale import decimals, ticks, time_marks

ZOOMS = (1, 2, 3, 5, 10, 15, 30, 60)
"""Candles that one column may show."""
_RISING = {"  ": " ", " w": "╷", "w ": "╵", "ww": "│", " b": "╻", "b ": "╹", "bb": "┃", "wb": "╽", "bw": "╿"}
_FALLING = _RISING | {"bb": "┇"}
_VOLUME = " ▁▂▃▄▅▆▇█"
_TALL = 15
"""Rows from which there is room for volume."""


class Trades(NamedTuple):
    """Fills on one column's candles: how many bought, how many sold."""

    bought: int
    sold: int


class Level(NamedTuple):
    """A price to draw a line at. `style`: a style's name."""

    price: float
    label: str
    style: str


class Overlay(NamedTuple):
    """A line over the candles: a value for each of them (NaN: none), the mark at its end, and a style's name. Up to
    `settled` candles it is dashed."""

    values: NDArray[np.float64]
    mark: str
    style: str
    settled: int = 0

    @property
    def dashed(self) -> NDArray[np.float64]:
        """The values that are drawn: two of three where it is dashed."""
        values = self.values.copy()
        early = np.arange(min(len(values), max(0, self.settled - 1)))
        values[early[early % 3 == 2]] = np.nan
        return values


class Shape(NamedTuple):
    """What a chart of a size shows. `columns`: of candles; `axis`: of prices; `rows`: of candles; `volume`: rows."""

    columns: int
    axis: int
    rows: int
    volume: int


def merged(candles: Candles, per: int, period: int) -> list[Candle]:
    """Candles of `per` timeframes each, on the grid of that length; the last one may still grow."""
    found: list[Candle] = []
    span = per * period
    for one in candles:
        start = one.ts - one.ts % span
        if per > 1 and found and found[-1].ts == start:
            last = found[-1]
            found[-1] = last._replace(
                high=max(last.high, one.high),
                low=min(last.low, one.low),
                close=one.close,
                volume=last.volume + one.volume,
            )
        else:
            found.append(one._replace(ts=start) if per > 1 else one)
    return found


def shape(width: int, height: int, candles: Sequence[Candle]) -> Shape:
    """How a chart of so many columns and rows is divided."""
    widest = max((len(price(value)) for one in candles[-width:] for value in (one.high, one.low)), default=4)
    axis = min(max(widest, 6) + 3, max(width // 3, 0))
    volume = 3 if height >= _TALL else 0
    return Shape(max(0, width - axis), axis, max(0, height - 1 - volume), volume)


def draw(
    candles: Sequence[Candle],
    width: int,
    height: int,
    *,
    trades: Mapping[int, Trades] | None = None,
    levels: Sequence[Level] = (),
    overlays: Sequence[Overlay] = (),
    cursor: int | None = None,
) -> Canvas:
    """The newest `candles` that fit, the last one at the right edge. `trades`: by a candle's `ts`. `overlays`: lines
    behind the candles. `cursor`: the `ts` of a candle to point at."""
    canvas = Canvas(width, height)
    form = shape(width, height, candles)
    seen = candles[-form.columns :] if form.columns else []
    if not seen or form.rows < 2:
        return canvas
    low, high = min(one.low for one in seen), max(one.high for one in seen)
    margin = (high - low) * 0.08 or abs(high) * 0.001 or 1.0
    for level in levels:  # one near by is worth some room
        if low - 6 * margin < level.price < high + 6 * margin:
            low, high = min(low, level.price), max(high, level.price)
    low, high = _with_overlays(low, high, overlays, len(seen))
    scale = _Scale(low - margin, high + margin, form.rows)
    left = form.columns - len(seen)
    _grid(canvas, form, scale)
    for overlay in overlays:
        stamp(canvas, trace(scale.dots(overlay.dashed[-len(seen) :]), form.rows), overlay.style, left)
    _marks(canvas, form, scale, overlays)
    for level in levels:
        _level(canvas, form, scale, level)
    if cursor is not None:
        _pointer(canvas, form, seen, left, cursor)
    for place, one in enumerate(seen):
        _candle(canvas, left + place, scale, one)
    for place, one in enumerate(seen):
        if trades and (dealt := trades.get(one.ts)):
            _arrows(canvas, left + place, scale, one, dealt)
    if form.volume:
        _volume(canvas, form, left, seen)
    _times(canvas, left, seen, height - 1, form.columns)
    _tag(canvas, form, scale, seen[-1])
    return canvas


class _Scale:
    """Prices to half rows: 0 at the top."""

    def __init__(self, low: float, high: float, rows: int) -> None:
        self.low, self.high, self.halves = low, high, 2 * rows

    def half(self, value: float) -> int:
        share = (self.high - value) / (self.high - self.low)
        return min(max(0, round(share * (self.halves - 1))), self.halves - 1)

    def row(self, value: float) -> int:
        return self.half(value) // 2

    def dots(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows of dots, four to a row of cells, also beyond the edges."""
        return (self.high - values) / (self.high - self.low) * (2 * self.halves - 1)


def _with_overlays(low: float, high: float, overlays: Sequence[Overlay], seen: int) -> tuple[float, float]:
    """The range of prices with the lines in it, half as much again at most: candles are what matters."""
    room = (high - low) / 4
    least, most = low - room, high + room
    for overlay in overlays:
        values = overlay.values[-seen:]
        values = values[np.isfinite(values)]
        if len(values):
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    return max(low, least), min(high, most)


def _grid(canvas: Canvas, form: Shape, scale: _Scale) -> None:
    marks = ticks(scale.low, scale.high, max(3, form.rows // 2))
    places = decimals(marks)
    for mark in marks:
        row = scale.row(mark)
        canvas.put(0, row, "·" * form.columns if form.columns < 2 else ("· " * form.columns)[: form.columns], "grid")
        canvas.put(form.columns + 2, row, f"{mark:,.{places}f}"[: form.axis - 2], "axis")


def _marks(canvas: Canvas, form: Shape, scale: _Scale, overlays: Sequence[Overlay]) -> None:
    """Each line's mark right of its end, in the column between candles and prices; one that finds no room near by is
    in the legend alone."""
    taken: set[int] = set()
    for overlay in overlays:
        last = float(overlay.values[-1])
        if scale.low <= last <= scale.high:
            row = scale.row(last)
            free = [each for each in (row, row - 1, row + 1) if 0 <= each < form.rows and each not in taken]
            if free:
                taken.add(free[0])
                canvas.put(form.columns, free[0], overlay.mark, overlay.style)


def _level(canvas: Canvas, form: Shape, scale: _Scale, level: Level) -> None:
    if not scale.low <= level.price <= scale.high:
        return
    row = scale.row(level.price)
    canvas.put(0, row, "╌" * form.columns, level.style)
    canvas.put(1, row, f" {level.label} ", level.style)
    canvas.put(form.columns, row, ("╌╌" + price(level.price))[: form.axis].ljust(form.axis), level.style)


def _pointer(canvas: Canvas, form: Shape, seen: Sequence[Candle], left: int, cursor: int) -> None:
    place = next((place for place, one in enumerate(seen) if one.ts == cursor), None)
    if place is not None:
        for row in range(form.rows + form.volume):
            canvas.put(left + place, row, "┊", "cursor")


def _candle(canvas: Canvas, x: int, scale: _Scale, one: Candle) -> None:
    rising = one.close >= one.open
    top, bottom = scale.half(one.high), scale.half(one.low)
    head, foot = scale.half(max(one.open, one.close)), scale.half(min(one.open, one.close))
    glyphs, style = (_RISING, "up") if rising else (_FALLING, "down")
    for row in range(top // 2, bottom // 2 + 1):
        halves = "".join(
            "b" if head <= half <= foot else "w" if top <= half <= bottom else " " for half in (2 * row, 2 * row + 1)
        )
        canvas.put(x, row, glyphs[halves], style)


def _arrows(canvas: Canvas, x: int, scale: _Scale, one: Candle, dealt: Trades) -> None:
    rows = scale.halves // 2
    if dealt.bought:
        canvas.put(x, min(rows - 1, scale.row(one.low) + 1), "▲", "buy")
    if dealt.sold:
        canvas.put(x, max(0, scale.row(one.high) - 1), "▼", "sell")


def _volume(canvas: Canvas, form: Shape, left: int, seen: Sequence[Candle]) -> None:
    most = max(one.volume for one in seen) or 1.0
    for place, one in enumerate(seen):
        eighths = round(one.volume / most * 8 * (form.volume - 1))
        for row in range(form.volume - 1):
            part = min(8, max(0, eighths - 8 * row))
            if part:
                style = "volume-up" if one.close >= one.open else "volume-down"
                canvas.put(left + place, form.rows + form.volume - 1 - row, _VOLUME[part], style)


def _times(canvas: Canvas, left: int, seen: Sequence[Candle], row: int, columns: int) -> None:
    stamps = [one.ts for one in seen]
    free = 0
    for at, label in time_marks(stamps[0], stamps[-1], max(1, columns // 12)):
        x = left + int(np.searchsorted(stamps, at)) - len(label) // 2
        if x >= free and x + len(label) <= columns:
            canvas.put(x, row, label, "axis")
            free = x + len(label) + 2


def _tag(canvas: Canvas, form: Shape, scale: _Scale, last: Candle) -> None:
    style = "tag-up" if last.close >= last.open else "tag-down"
    text = f" {price(last.close)} "
    canvas.put(form.columns + 1, scale.row(last.close), text[: form.axis - 1].ljust(form.axis - 1), style)
