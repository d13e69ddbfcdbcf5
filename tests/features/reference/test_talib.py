"""Every function of TA-Lib is a feature of the same numbers, or there is a reason why not."""

import numpy as np
import pytest
from tests.features.reference.agreement import Same, Table, agree
from tests.features.reference.real_candles import FILES, needs_candles, ours
from tests.features.reference.talib_calls import function, reference
from tests.features.reference.talib_momentum import MOMENTUM
from tests.features.reference.talib_overlap import MATHS, OVERLAP, PRICE, STATISTICS
from tests.features.reference.talib_patterns import PATTERNS
from tests.features.reference.talib_relative import DISTANCES, SHARES, SLOPES
from tests.features.reference.talib_volume import CYCLES, VOLATILITY, VOLUME

talib = pytest.importorskip("talib")

TABLE: Table = {**OVERLAP, **PRICE, **STATISTICS, **MATHS, **MOMENTUM, **VOLUME, **VOLATILITY, **CYCLES}
COMPARED = [
    (call, same)
    for table in (TABLE, DISTANCES, SLOPES, SHARES)
    for call, same in table.items()
    if isinstance(same, Same)
]


def test_every_function_is_in_the_table() -> None:
    assert {function(call) for call in TABLE} | set(PATTERNS) == set(talib.get_functions())


def test_every_reason_is_given() -> None:
    assert [call for call, same in TABLE.items() if not isinstance(same, Same) and not same] == []


@needs_candles
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("call", "same"), COMPARED, ids=[call for call, _ in COMPARED])
def test_a_feature_is_what_talib_gives(call: str, same: Same, file: str) -> None:
    columns = ours(file)
    theirs = reference(call, same, columns)
    theirs[: np.argmax(~np.isnan(same.of(columns)))] = np.nan
    agree(same, columns, theirs, least=10)
