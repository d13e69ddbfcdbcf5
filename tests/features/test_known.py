"""What of an external series stands at a close is what a session has heard of by then."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.component import Param
from papertape.contract.errors import PluginError
from papertape.contract.feed import Block
from papertape.contract.series import Series, SeriesRecord, standing
from papertape.engine.external import joined
from papertape.features.catalogue import Catalogue
from papertape.features.external import Heard, external_family, oldest
from papertape.features.feature_set import FeatureSet
from papertape.features.known import Known

MINUTE = 60_000
DAY = 1_440 * MINUTE

record = st.builds(
    lambda valid, delay, value: SeriesRecord(valid * MINUTE, (valid + delay) * MINUTE, value),
    st.integers(0, 30), st.integers(0, 12), st.floats(-5, 5),
)  # fmt: skip


def made(records: list[SeriesRecord], max_age: str | None) -> Series:
    class Made(Series):
        def records(self) -> list[SeriesRecord]:
            return records

    return Made(max_age=max_age)


@given(st.lists(record, max_size=12), st.sampled_from([None, "5m", "1d"]), st.sets(st.integers(1, 60), min_size=1))
def test_at_every_close_it_is_what_a_session_has_heard(
    records: list[SeriesRecord], max_age: str | None, minutes: set[int]
) -> None:
    series = made(records, max_age)
    closes = [minute * MINUTE for minute in sorted(minutes)]
    age = oldest(series, "x")
    expected = [stood(records, close, age) for close in closes]
    for size in (1, 7, len(closes)):
        heard, told, seen = Heard({"x": age}), dict[str, SeriesRecord](), []
        for first in range(0, len(closes), size):
            times = closes[first : first + size]
            block = joined(Block(times, [(None,)] * len(times)), {"x": standing(series, "x")}, told)
            for number, close in enumerate(times):
                for place, event in block.events:
                    if place == number:
                        heard.hear("x", SeriesRecord(event["valid"], event["available"], event["value"]))
                seen.append(heard.value("x", close))
        np.testing.assert_array_equal(seen, expected, f"in blocks of {size}")
    np.testing.assert_array_equal(Known.of(series, "x").at(np.array(closes, np.float64)), expected)


def stood(records: list[SeriesRecord], close: int, age: int | None) -> float:
    """What stands at a close, looked for among all records."""
    known = [record for record in records if record.available <= close]
    newest = [record for record in known if record.valid == max(each.valid for each in known)]
    last = [record for record in newest if record.available == max(each.available for each in newest)]
    if not last or (age is not None and close - last[-1].valid > age):
        return math.nan
    return last[-1].value


def test_a_late_revision_of_an_older_time_displaces_nothing() -> None:
    heard = Heard({"fear": 2 * DAY})
    heard.hear("fear", SeriesRecord(9 * DAY, 10 * DAY, 50.0))
    heard.hear("fear", SeriesRecord(3 * DAY, 10 * DAY + 1, 20.0))
    assert heard.value("fear", 10 * DAY + 2) == 50.0
    heard.hear("fear", SeriesRecord(9 * DAY, 10 * DAY + 2, 51.0))
    assert heard.value("fear", 10 * DAY + 2) == 51.0, "a revision of the newest time does"


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ((0, 1, math.nan), "series 'x': record 2: value is nan; it must be a finite number"),
        ((0, 1, math.inf), "series 'x': record 2: value is inf"),
        ((0, 1, 10**400), "series 'x': record 2: value is 1000"),
        ((0, 1, None), "series 'x': record 2: value is None"),
        ((0, 1, "5"), "series 'x': record 2: value is '5'"),
        ((0.5, 1, 5.0), "series 'x': record 2: valid is 0.5; it must be a time in ms UTC"),
        ((0, math.nan, 5.0), "series 'x': record 2: available is nan"),
        ((0, 2**60, 5.0), "series 'x': record 2: available is 1152921504606846976"),
        ((0, 1), r"series 'x': record 2 is \(0, 1\); it must be a SeriesRecord"),
    ],
)
def test_what_is_no_record_is_refused_by_series_and_record(given: Any, match: str) -> None:
    with pytest.raises(PluginError, match=match):
        Known.of(made([SeriesRecord(0, 0, 1.0), given], None), "x")


def test_numbers_of_any_kind_become_plain_ones() -> None:
    given: Any = [(np.int64(1), np.float64(2.0), np.float32(0.5)), np.array([3.0, 4.0, 5.0]), (5, 6, Decimal(7))]
    found = standing(made(given, None), "x")
    assert found == [(1, 2, 0.5), (3, 4, 5.0), (5, 6, 7.0)]
    assert {type(each) for record in found for each in record} == {int, float}


def test_a_series_with_other_parameters_is_another_feature() -> None:
    class News(Series):
        """News."""

        topic = Param("btc", help="what it is about")
        weights = Param(None, help="of its sources")

    def named(**params: Any) -> str:
        return FeatureSet(Catalogue([external_family("news", News(**params))]).select(["news"]), "1m").hash

    one = named(weights={"a": Decimal("0.5"), "b": (1, 2)})
    assert one == named(weights={"b": [1, 2], "a": Decimal("0.5")})
    others = [named(), named(topic="doge"), named(max_age="2d"), named(weights={"a": Decimal("0.6"), "b": (1, 2)})]
    assert len({one, *others}) == 5
