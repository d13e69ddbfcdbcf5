"""A stream takes back what a checkpoint kept of it, and no other's state."""

import re
from dataclasses import replace
from typing import Any

import pytest
from tests.features import broken
from tests.features.test_check import MINUTE, market

from papertape.contract.errors import InvalidValue
from papertape.contract.feature import FeatureFamily
from papertape.features.catalogue import Catalogue
from papertape.features.plan import plan
from papertape.features.stream import Stream


def stream(family: FeatureFamily, *symbols: str) -> Stream:
    return Stream(plan(list(Catalogue([family]).listed()), symbols), MINUTE)


def test_state_goes_into_a_stream_of_the_same_features() -> None:
    candles = market(60)
    first, second = (stream(broken.family(broken.remembers_all), "A/USDT") for _ in range(2))
    whole = first.run([candles])
    second.run([candles[:, :30]])
    third = stream(broken.family(broken.remembers_all), "A/USDT")
    third.state = second.state
    assert third.run([candles[:, 30:]]).tobytes() == whole[30:].tobytes()


@pytest.mark.parametrize(
    ("symbols", "change", "says"),
    [
        (1, {"floats": lambda n: 1}, "floats must have the shape (2,), was (1,)"),
        (1, {"ints": lambda n: 3}, "ints must have the shape (1,), was (3,)"),
        (1, {"reach": lambda n: 9}, "columns must have the shape (1, 9, 11), was (1, 9, 9)"),
        (2, {}, "columns must have the shape (1, 9, 11), was (2, 9, 11)"),
    ],
    ids=["floats", "ints", "reach", "symbols"],
)
def test_state_of_another_shape_is_refused(symbols: int, change: dict[str, Any], says: str) -> None:
    family = broken.family(broken.remembers_all)
    other = stream(replace(family, **change), *["A/USDT", "B/USDT"][:symbols])
    mine = stream(family, "A/USDT")
    mine.run([market(60)])
    before = mine.state
    with pytest.raises(InvalidValue, match=re.escape(says)):
        mine.state = other.state
    assert all(before[name].tobytes() == kept.tobytes() for name, kept in mine.state.items()), "nothing was taken over"


def test_state_that_lacks_something_is_refused() -> None:
    mine = stream(broken.family(broken.remembers_all), "A/USDT")
    with pytest.raises(InvalidValue, match="seen must have the shape .* was absent"):
        mine.state = {name: kept for name, kept in mine.state.items() if name != "seen"}
