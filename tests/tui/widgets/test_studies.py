"""Indicators on a chart: what their legend says of a value, and how one that is not exact yet is drawn."""

import numpy as np
import pytest

from papertape.tui.core.indicators import Series
from papertape.tui.drawing.candle_chart import Overlay
from papertape.tui.drawing.canvas import Canvas
from papertape.tui.widgets.studies import legend, parted

INF = float("inf")
LINE = Series("ema 9", "ema_9", np.array([np.nan, 100.0, 101.0, 102.0]), 6, "price", -INF, INF)


def said(line: Series, place: int, width: int = 60) -> str:
    canvas = Canvas(width, 1)
    legend(canvas, 0, parted([line], 20)[0], place)
    return "".join(text for text, _ in canvas.runs(0)).rstrip()


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        (LINE, 3, "1 ema_9 ~102.000 (exact in 2)"),
        (LINE, 2, "1 ema_9 ~101.000"),
        (LINE, 0, "1 ema_9 …"),
        (LINE._replace(settled=3), 2, "1 ema_9 101.000"),
    ],
)
def test_a_value_that_depends_on_where_the_candles_begin_is_marked(line: Series, place: int, words: str) -> None:
    assert said(line, place) == words


def test_where_there_is_no_room_the_mark_stays_and_the_rest_goes() -> None:
    assert said(LINE, 3, 20) == "1 ema_9 ~102.000"


def test_it_is_dashed_until_it_is_exact() -> None:
    drawn = Overlay(np.arange(10.0), "1", "study-0", 8).dashed
    assert np.flatnonzero(np.isnan(drawn)).tolist() == [2, 5]
    assert not np.isnan(Overlay(np.arange(10.0), "1", "study-0").dashed).any()
