"""What backtrader expects of three days of 2006 is what our features are there."""

from dataclasses import replace

import pytest
from tests.features.reference.agreement import Same, compare
from tests.features.reference.backtrader import candles, expected
from tests.features.reference.backtrader_table import BACKTRADER
from tests.features.reference.data import needs_references

COMPARED = {name: same for name, same in BACKTRADER.items() if isinstance(same, Same)}


@needs_references
def test_every_expected_line_is_in_the_table() -> None:
    assert set(BACKTRADER) == {f"{name}.{place}" for name, one in expected().items() for place in range(len(one.lines))}


@needs_references
@pytest.mark.parametrize("name", COMPARED)
def test_a_feature_is_what_backtrader_expects(name: str) -> None:
    indicator, _, place = name.rpartition(".")
    days = candles()
    same = COMPARED[name]
    compare(replace(same, digits=same.digits or 6), days, expected()[indicator].line(int(place), days.shape[1]))
