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
        definition=f"The newest value of {name} that was known at the close. {series.__doc__ or ''}",
    )


class Heard:
    """The newest record of each series that a session has heard of. `ages`: how long each stands, ms, None for ever."""

    def __init__(self, ages: Mapping[str, int | None]) -> None:
        self.ages = ages
        self.newest: dict[str, SeriesRecord] = {}

    def hear(self, name: str, record: SeriesRecord) -> None:
        """Takes in a record; one that was known before the newest changes nothing."""
        newest = self.newest.get(name)
        if newest is None or (record.available, record.valid) >= (newest.available, newest.valid):
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
