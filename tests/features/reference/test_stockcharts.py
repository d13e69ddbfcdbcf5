"""StockCharts' worked examples are what our features are there."""

from dataclasses import replace

import pytest
from tests.features.reference.agreement import Same, compare
from tests.features.reference.data import needs_references, references
from tests.features.reference.stockcharts import columns, decimals
from tests.features.reference.stockcharts_table import STOCKCHARTS
from tests.features.reference.unblanked import COLUMNS, candles

COMPARED = {name: same for name, same in STOCKCHARTS.items() if isinstance(same, Same)}


@needs_references
def test_every_example_is_in_the_table() -> None:
    files = {file.stem for file in (references() / "stockcharts").glob("*.csv")}
    assert {name.partition(".")[0] for name in STOCKCHARTS} == files


@needs_references
@pytest.mark.parametrize("name", COMPARED)
def test_a_feature_is_what_the_example_computes(name: str) -> None:
    file, _, column = name.partition(".")
    example = columns(file)
    days = candles(**{given: example[given] for given in COLUMNS if given in example})
    same, digits = COMPARED[name], decimals(file)[column]
    rounded = same.digits is None and digits < 9  # columns with more of them hold ten digits, wherever the point is
    compare(replace(same, digits=digits) if rounded else same, days, example[column])
