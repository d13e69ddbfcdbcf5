"""Candlestick patterns are where TA-Lib sees them, and of its sign."""

from functools import cache

import numpy as np
import pytest
from tests.features.families.computed import CATALOGUE
from tests.features.reference.drawn_candles import drawn
from tests.features.reference.real_candles import FILES, needs_candles, ours
from tests.features.reference.talib_calls import value
from tests.features.reference.talib_patterns import PATTERNS
from tests.features.reference.unblanked import Ours

pytest.importorskip("talib")

DRAWN = cache(drawn)


def seen(pattern: str, columns: Ours) -> int:
    """At how many candles TA-Lib sees a pattern, which are those where our feature has its sign."""
    call, name = f"{pattern} open high low close", PATTERNS[pattern]
    window = CATALOGUE.find(name).family.warmup()
    mine, theirs = np.sign(columns[name])[window:], np.sign(value(call, columns))[window:]
    assert not np.isnan(mine).any()
    # TA-Lib's usual sizes are running sums: where one is met exactly, their rounding decides. Given the pattern's own
    # candles alone, TA-Lib agrees.
    differ = np.flatnonzero(mine != theirs)
    assert len(differ) <= len(mine) / 100
    for at in differ:
        end = window + at + 1
        alone = value(call, Ours(columns.candles[:, end - window : end], columns.period))[-1]
        assert mine[at] == np.sign(alone), f"candle {end - 1}"
    return int(np.count_nonzero(theirs))


@needs_candles
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_where_talib_sees_it(pattern: str, file: str) -> None:
    seen(pattern, ours(file))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_where_talib_sees_it_in_candles_that_have_them_all(pattern: str) -> None:
    assert seen(pattern, DRAWN()) > 0
