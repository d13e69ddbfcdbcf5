"""Candlestick patterns are where TA-Lib sees them, and of its sign."""

import numpy as np
import pytest
from tests.features.families.computed import CATALOGUE
from tests.features.reference.real_candles import FILES, needs_candles, ours
from tests.features.reference.talib_calls import value
from tests.features.reference.talib_patterns import PATTERNS
from tests.features.reference.unblanked import Ours

pytest.importorskip("talib")


@needs_candles
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_where_talib_sees_it(pattern: str, file: str) -> None:
    call, columns = f"{pattern} open high low close", ours(file)
    name = PATTERNS[pattern]
    window = CATALOGUE.find(name).family.warmup()
    mine, theirs = np.sign(columns[name])[window:], np.sign(value(call, columns))[window:]
    assert not np.isnan(mine).any()
    differ = np.flatnonzero(mine != theirs)
    # TA-Lib's usual sizes are running sums: where one is met exactly, their rounding decides. Given the pattern's own
    # candles alone, TA-Lib agrees.
    assert len(differ) <= len(mine) / 100
    for at in differ:
        end = window + at + 1
        assert mine[at] == np.sign(value(call, Ours(columns.candles[:, end - window : end], columns.period)))[-1], end
