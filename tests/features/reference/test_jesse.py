"""What jesse expects of the last candle is what our features are there."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.features.reference.agreement import Same, compare
from tests.features.reference.data import needs_references
from tests.features.reference.jesse import candles, expected
from tests.features.reference.jesse_table import JESSE

COMPARED = {name: same for name, same in JESSE.items() if isinstance(same, Same)}


@needs_references
def test_every_expected_value_is_in_the_table() -> None:
    assert set(JESSE) == {f"{name}: {text}" for name, (_, _, values) in expected().items() for text in values}


@needs_references
@pytest.mark.parametrize("name", COMPARED)
def test_a_feature_is_what_jesse_expects(name: str) -> None:
    indicator, _, text = name.partition(": ")
    history, _, values = expected()[indicator]
    theirs = np.full(candles(history).shape[1], np.nan)
    theirs[-1] = values[text]
    rounded = re.search(r"round\(.*?(?:, (\d))?\)$", text)
    digits = None if rounded is None else int(rounded[1] or 0)
    same = COMPARED[name]
    compare(replace(same, digits=digits if same.digits is None else same.digits), candles(history), theirs)
