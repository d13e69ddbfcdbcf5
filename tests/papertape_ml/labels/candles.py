"""Candles for tests of labels: coarse prices, so that touches and ties are common, and gaps."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from tests.engine.scripted import MINUTE, Bar
from tests.strategies import bars

from papertape.contract.candle import Floats


def columns(bars: Sequence[Bar]) -> Floats:
    """The candles (6, n) of one symbol that are there; candle k opens at minute k."""
    rows = [(k * MINUTE, *bar[:4], 1.0) for k, bar in enumerate(bars) if bar is not None]
    return np.array(rows, np.float64).reshape(-1, 6).T.copy()


@st.composite
def ladder(draw: st.DrawFn) -> Bar:
    """A candle whose prices are steps of a quarter up, or a fifth down: brackets of these are touched all the time."""
    first, second, *others = draw(st.lists(st.sampled_from([80.0, 100.0, 100.0, 100.0, 125.0]), min_size=4, max_size=4))
    spread = [first, second, *others]
    return (first, max(spread), min(spread), second, 1_000.0)


@st.composite
def holed(draw: st.DrawFn, least: int = 2, most: int = 60, each: st.SearchStrategy[Bar] | None = None) -> list[Bar]:
    """Candles of which some are missing, now and then many in a row."""
    found: list[Bar] = []
    for bar in draw(st.lists(bars() if each is None else each, min_size=least, max_size=most)):
        found += [None] * draw(st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, 7, 20]))
        found.append(bar)
    return found
