"""Features that are external series: a value stands from when it became known until it is too old."""

import json
import math
from collections.abc import Mapping
from typing import Any

from papertape.contract.errors import InvalidValue
from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.contract.series import Series, SeriesRecord
from papertape.market.timeframe import duration

EXTERNAL = "external"
"""The category of features that are series."""


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    """Nothing follows from the candles; the session puts what it heard in its place."""
    o[0] = math.nan


def external_family(name: str, series: Series) -> FeatureFamily:
    """The family of one feature, `name`, which is a series."""
    return FeatureFamily(
        name=f"external {name} {json.dumps(series.meaning(), sort_keys=True)}",
        category=EXTERNAL,
        memory="window",
        inputs=(),
        outputs=(FeatureOutput(name, f"external series {name}", "the series' own"),),
        step=step,
        definition=f"The value of {name} for the newest time that had one at the close. {series.__doc__ or ''}",
    )


class Heard:
    """The record of each series that stands, of those that a session has heard of: the newest by its `valid` time, and
    then by its `available` time. `ages`: how long each stands, ms, None for ever."""

    def __init__(self, ages: Mapping[str, int | None]) -> None:
        self.ages = ages
        self.newest: dict[str, SeriesRecord] = {}

    def hear(self, name: str, record: SeriesRecord) -> None:
        """Takes in a record; one of an older time than the newest, or of the same but known before, changes nothing."""
        newest = self.newest.get(name)
        if newest is None or (record.valid, record.available) >= (newest.valid, newest.available):
            self.newest[name] = record

    def value(self, name: str, now: int) -> float:
        """What stands at `now`, ms UTC; NaN where there is nothing, or only what is too old."""
        record, age = self.newest.get(name), self.ages[name]
        if record is None or (age is not None and now - record.valid > age):
            return math.nan
        return record.value


def oldest(series: Series, name: str) -> int | None:
    """The age limit of a series, ms. Raises `InvalidValue` naming the series."""
    try:
        return None if series.max_age is None else duration(series.max_age)
    except InvalidValue as error:
        raise InvalidValue(f"external series {name!r}: max_age: {error}") from None
