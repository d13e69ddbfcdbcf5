"""Charts as characters: what is drawn where, and that it can be read without colour."""

import numpy as np
import pytest

from papertape.contract.candle import Candle, Candles
from papertape.tui.core.views import Line
from papertape.tui.drawing import candle_chart, curve_plot, pane
from papertape.tui.drawing.candle_chart import Level, Overlay, Trades
from papertape.tui.drawing.canvas import Canvas

MINUTE = 60_000


def candle(place: int, opened: float, high: float, low: float, close: float, volume: float = 1.0) -> Candle:
    return Candle(place * MINUTE, opened, high, low, close, volume, 1)


def rows(canvas: object) -> list[str]:
    return str(canvas).split("\n")


NEAR = Overlay(np.array([104.0, 106.0]), "1", "study-0")
UP, DOWN = candle(0, 100, 111, 99, 110), candle(1, 110, 111, 99, 100)


def test_a_rising_and_a_falling_candle_differ_without_colour_and_in_it() -> None:
    canvas = candle_chart.draw([UP, DOWN], 24, 12)
    columns = candle_chart.shape(24, 12, [UP, DOWN]).columns
    rising, falling = ("".join(canvas.at(x, y) for y in range(11)) for x in (columns - 2, columns - 1))
    assert "┃" in rising and "┇" not in rising and "┇" in falling and "┃" not in falling
    styles = {style for y in range(11) for text, style in canvas.runs(y) if set(text) & set("┃┇")}
    assert styles == {"up", "down"}


def test_the_newest_candle_stands_at_the_right_and_older_ones_go() -> None:
    many = [candle(place, 100 + place, 101 + place, 99 + place, 100.5 + place) for place in range(200)]
    canvas = candle_chart.draw(many, 40, 12)
    form = candle_chart.shape(40, 12, many)
    assert form.columns + form.axis == 40
    last = [y for y in range(form.rows) if canvas.at(form.columns - 1, y).strip("· ")]
    first = [y for y in range(form.rows) if canvas.at(0, y).strip("· ")]
    assert max(last) < min(first), "the market rises from left to right"
    assert "299.5" in str(canvas), "the last close is marked"


def test_trades_point_at_their_candle_and_levels_cross_the_chart() -> None:
    quiet = [candle(place, 100, 101, 99, 100.5) for place in range(10)]
    canvas = candle_chart.draw(
        quiet, 40, 14, trades={5 * MINUTE: Trades(1, 0), 7 * MINUTE: Trades(0, 2)}, levels=[Level(98.5, "stop", "stop")]
    )
    columns = candle_chart.shape(40, 14, quiet).columns
    left = columns - len(quiet)
    lines = rows(canvas)
    assert [line.index("▲") for line in lines if "▲" in line] == [left + 5]
    assert [line.index("▼") for line in lines if "▼" in line] == [left + 7]
    (level,) = [line for line in lines if "stop" in line]
    assert "98.5" in level and level.count("╌") > columns // 2


def braille(canvas: Canvas, x: int, rows: int) -> list[int]:
    """Rows of a column in which there are dots."""
    return [y for y in range(rows) if "\u2800" < canvas.at(x, y) <= "\u28ff"]


def test_an_overlay_runs_behind_the_candles_and_ends_in_its_mark() -> None:
    quiet = [candle(place, 100, 100.5, 99.5, 100.2) for place in range(20)]
    values = np.where(np.arange(20) < 12, 99.3, 100.7)
    values[:5] = np.nan
    canvas = candle_chart.draw(quiet, 44, 14, overlays=[Overlay(values, "1", "study-0")])
    form = candle_chart.shape(44, 14, quiet)
    left = form.columns - 20
    assert not braille(canvas, left + 2, form.rows), "it warms up"
    (begin,), (end,) = braille(canvas, left + 5, form.rows), braille(canvas, left + 19, form.rows)
    assert begin > end, "it rises"
    assert canvas.at(form.columns, end) == "1"
    assert all(canvas.at(left + place, y) for place in range(20) for y in range(form.rows))
    assert "┃" in "".join(rows(canvas)), "the candles stay"


def test_a_far_overlay_does_not_flatten_the_candles() -> None:
    moving = [candle(place, 100, 101, 99, 100.5) for place in range(20)]
    canvas = candle_chart.draw(moving, 44, 14, overlays=[Overlay(np.full(20, 500.0), "1", "study-0")])
    assert sum("┃" in line or "│" in line for line in rows(canvas)) > 4


def test_a_pane_has_its_own_scale_and_bars_from_zero() -> None:
    share = pane.draw([Overlay(np.linspace(20, 80, 30), "1", "study-0")], [], 40, 6, 30, (0.0, 100.0))
    lines = rows(share)
    assert any(line.rstrip().endswith("70") for line in lines) and any(line.rstrip().endswith("30") for line in lines)
    assert max(braille(share, 0, 6)) > max(braille(share, 29, 6)) and "1" in lines[0] + lines[1]
    bars = pane.draw([], [Overlay(np.array([-2.0, -1.0, 1.0, 2.0]), "2", "study-1")], 14, 8, 4)
    assert min(braille(bars, 0, 8)) > min(braille(bars, 3, 8)) and max(braille(bars, 3, 8)) < max(braille(bars, 0, 8))


@pytest.mark.parametrize(("width", "height"), [(0, 0), (1, 1), (5, 3), (12, 2), (300, 80)])
def test_no_size_is_too_small_or_too_large(width: int, height: int) -> None:
    for canvas in (
        candle_chart.draw([UP, DOWN], width, height, trades={0: Trades(1, 1)}, overlays=[NEAR], cursor=0),
        pane.draw([NEAR], [NEAR], width, height, width // 2),
        curve_plot.draw([curve_plot.Curve(Line(np.arange(3), np.arange(3.0)), "a", "up")], width, height, 1.0),
    ):
        assert len(rows(canvas)) == max(height, 1) and all(len(row) == width for row in rows(canvas))


def test_candles_of_a_longer_time_hold_what_they_are_made_of() -> None:
    packed = Candles.pack(
        [(place * MINUTE, 100.0 + place, 105.0 + place, 95.0 + place, 101.0 + place, 2.0, 1) for place in range(7)]
    )
    first, second = candle_chart.merged(packed, 5, MINUTE)
    assert tuple(first)[:6] == (0, 100.0, 109.0, 95.0, 105.0, 10.0)
    assert tuple(second)[:6] == (5 * MINUTE, 105.0, 111.0, 100.0, 107.0, 4.0)


def test_each_curve_ends_in_its_letter_at_its_height() -> None:
    times = np.arange(0, 100 * MINUTE, MINUTE)
    curves = [
        curve_plot.Curve(Line(times, np.linspace(100.0, end, 100)), letter, "")
        for letter, end in (("a", 80.0), ("b", 120.0), ("c", 100.0))
    ]
    lines = rows(curve_plot.draw(curves, 60, 16, base=110.0))
    places = {letter: next(y for y, line in enumerate(lines) if letter in line) for letter in "abc"}
    assert places["b"] < places["c"] < places["a"]
    assert any("╌" in line for line in lines) and "120" in "".join(lines)
