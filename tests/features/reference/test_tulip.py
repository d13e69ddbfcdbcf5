"""Tulip's worked examples, and its candlestick cases, are what our features are there."""

from dataclasses import replace

import pytest
from tests.features.reference.agreement import Same, compare
from tests.features.reference.data import needs_references
from tests.features.reference.tulip import examples
from tests.features.reference.tulip_table import INPUTS, TULIP
from tests.features.reference.unblanked import candles

COMPARED = {name: same for name, same in TULIP.items() if isinstance(same, Same)}


@needs_references
def test_every_example_is_in_the_table() -> None:
    cases = examples().values()
    assert set(TULIP) == {
        f"{case.name}.{place}" for case in cases for place in range(len(case.rows) - len(INPUTS[case.name].split()))
    }


@needs_references
@pytest.mark.parametrize("name", COMPARED)
def test_a_feature_is_what_tulip_expects(name: str) -> None:
    example, _, output = name.partition(".")
    case, same = examples()[example], COMPARED[name]
    inputs = INPUTS[example].split()
    days = candles(**{column: case.row(place) for place, column in enumerate(inputs)})
    place = len(inputs) + int(output)
    digits = case.decimals[place] if same.digits is None else same.digits
    compare(replace(same, digits=digits), days, case.row(place))
