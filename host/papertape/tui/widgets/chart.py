"""The candle chart of a symbol, with the trades on it."""

from collections import Counter
from typing import ClassVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from papertape.contract.candle import Candle, Candles
from papertape.market.timeframe import period
from papertape.tui.core.indicators import Indicators, Series
from papertape.tui.core.text import brief_clock, percent, price
from papertape.tui.core.views import SessionView
from papertape.tui.drawing import candle_chart
from papertape.tui.drawing.candle_chart import ZOOMS, Level, Trades
from papertape.tui.drawing.canvas import Canvas
from papertape.tui.widgets import studies
from papertape.tui.widgets.paint import Picture, centred
from papertape.tui.widgets.panel import Choice, Panel

_NONE = Candles(b"")


class CandlePlot(Picture):
    """One symbol's candles with indicators over and below them, newest at the right; a pointer that the arrow keys
    move, and what stands under it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "point(-1)", "Earlier", show=False),
        Binding("right", "point(1)", "Later", show=False),
        Binding("shift+left", "point(-20)", show=False),
        Binding("shift+right", "point(20)", show=False),
        Binding("end", "newest", "Newest", show=False),
    ]

    view: SessionView | None = None
    choice = Choice()
    zoom = 0
    pointed: int | None = None
    """Open time of the candle that the pointer is on, None for the newest."""
    indicators: Indicators | None = None
    _computed: tuple[object, tuple[Series, ...]] | None = None

    def candles(self) -> list[Candle]:
        """The candles as they are drawn."""
        if self.view is None:
            return []
        held = self.view.candles_by_symbol.get(self.choice.symbol, _NONE)
        return candle_chart.merged(held, ZOOMS[self.zoom], period(self.view.timeframe))

    def picture(self, width: int, height: int) -> Canvas:
        candles, view = self.candles(), self.view
        if view is None or not candles:
            waits = view is not None and view.running
            return centred(
                width, height, "No candle yet", "The session has just begun." if waits else "This session saw none."
            )
        canvas = Canvas(width, height)
        columns = candle_chart.shape(width, height, candles).columns
        end, place = len(candles), len(candles) - 1
        if self.pointed is not None:
            place = self._place(candles)
            end = min(len(candles), max(place + 1 + columns // 4, columns))
        series = [one._replace(values=one.values[:end]) for one in self._series(view, candles)]
        over, panes, others = studies.parted(series, height)
        _legend(canvas, candles[place], width)
        studies.legend(canvas, 1, (*over, *others), place)
        top = 2 if over or others else 1
        chart = height - top - sum(pane.rows for pane in panes)
        drawn = candle_chart.draw(
            candles[:end],
            width,
            chart,
            trades=self._trades(view),
            levels=self._levels(view),
            overlays=[marked.overlay for marked in over],
            cursor=None if self.pointed is None else candles[place].ts,
        )
        canvas.paste(drawn, top)
        row = top + chart
        for pane in panes:
            studies.legend(canvas, row, pane.lines, place)
            canvas.paste(studies.draw_pane(pane, width, min(columns, end)), row + 1)
            row += pane.rows
        return canvas

    def _series(self, view: SessionView, candles: list[Candle]) -> tuple[Series, ...]:
        """The indicators over what is drawn; computed once for each state of the candles."""
        if self.indicators is None:
            return ()
        state = (self.indicators, self.choice.symbol, self.zoom, len(candles), candles[-1])
        if self._computed is None or self._computed[0] != state:
            length = period(view.timeframe) * ZOOMS[self.zoom]
            self._computed = (state, self.indicators.over(candles, length))
        return self._computed[1]

    def _place(self, candles: list[Candle]) -> int:
        stamps = [one.ts for one in candles]
        return max(0, int(np.searchsorted(stamps, self.pointed or 0, side="right")) - 1)

    def _trades(self, view: SessionView) -> dict[int, Trades]:
        """Fills by the candle that they are drawn on: one at a close belongs to the candle that closed."""
        length = period(view.timeframe)
        span = length * ZOOMS[self.zoom]
        dealt: Counter[tuple[int, str]] = Counter()
        for fill in view.fills:
            if fill.symbol == self.choice.symbol and self.choice.book in (None, fill.book):
                closed = view.now - (view.batch - fill.batch) * length
                opened = fill.at - length if fill.at == closed else fill.at
                dealt[opened - opened % span, fill.side] += 1
        return {ts: Trades(dealt[ts, "buy"], dealt[ts, "sell"]) for ts, _ in dealt}

    def _levels(self, view: SessionView) -> list[Level]:
        held = next(
            (one for one in view.positions if (one.book, one.symbol) == (self.choice.book, self.choice.symbol)), None
        )
        if held is None:
            return []
        levels = [Level(held.entry, "long" if held.quantity > 0 else "short", "entry")]
        if held.stop is not None:
            levels.append(Level(float(held.stop), "stop", "stop"))
        if held.target is not None:
            levels.append(Level(float(held.target), "target", "target"))
        return levels

    def action_point(self, by: int) -> None:
        candles = self.candles()
        if candles:
            place = self._place(candles) if self.pointed is not None else len(candles) - 1
            place = min(max(0, place + by), len(candles) - 1)
            self.pointed = None if place == len(candles) - 1 else candles[place].ts
            self.redraw()

    def action_newest(self) -> None:
        self.pointed = None
        self.redraw()


class ChartPanel(Panel):
    """The chart of the chosen symbol; with a book chosen, its trades alone, its entry, stop and target. `waits`: what
    is said of indicators that are not there yet, or cannot be."""

    TITLE = "Chart"

    waits = ""

    def compose(self) -> ComposeResult:
        yield CandlePlot()

    def take(self, indicators: Indicators | None, waits: str = "") -> None:
        """Shows other indicators."""
        plot = self.query_one(CandlePlot)
        plot.indicators, self.waits = indicators, waits
        plot.redraw()
        self._entitle()

    def show(self, view: SessionView, choice: Choice) -> None:
        plot = self.query_one(CandlePlot)
        if choice.symbol != plot.choice.symbol:
            plot.pointed = None
        plot.view, plot.choice = view, choice
        plot.redraw()
        self._entitle()

    def zoom(self, by: int) -> None:
        """Has each column show more candles, or fewer."""
        plot = self.query_one(CandlePlot)
        plot.zoom = min(max(0, plot.zoom + by), len(ZOOMS) - 1)
        plot.redraw()
        self._entitle()

    def _entitle(self) -> None:
        plot = self.query_one(CandlePlot)
        view, choice = plot.view, plot.choice
        if view is None:
            return
        each = "" if plot.zoom == 0 else f" x{ZOOMS[plot.zoom]}"
        stale = next((one.state for one in view.data if one.symbol == choice.symbol and one.state == "stale"), "")
        self.entitle(choice.symbol, f"{view.timeframe}{each}", choice.book or "", stale, self.waits)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.zoom(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.zoom(1)


def _legend(canvas: Canvas, one: Candle, width: int) -> None:
    style = "up" if one.close >= one.open else "down"
    parts = [(brief_clock(one.ts), "faint"), (price(one.close), style), (percent(one.close / one.open - 1.0), style)]
    parts += [(f"{name} {price(value)}", "") for name, value in zip("OHL", one[1:4], strict=True)]
    parts.append((f"V {one.volume:,.6g}", "faint"))
    x = 0
    for text, named in parts:
        if x + len(text) > width:
            break
        canvas.put(x, 0, text, named)
        x += len(text) + 2
