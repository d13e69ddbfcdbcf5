"""External series: numbers from elsewhere, such as a fear-and-greed index or a news score, each with its times."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from papertape.contract.component import Component, Param
from papertape.contract.errors import PapertapeError, PluginError

_LATEST = 2**53
"""Times reach up to here, ms: whole numbers as floats, too."""


class SeriesRecord(NamedTuple):
    """A value of a series: what time it speaks of, and when it could be known; ms UTC."""

    valid: int
    available: int
    value: float


class Series(Component):
    """Base of external series. A session sees a record from its `available` time on, never before.

    `max_age`: how long after its `valid` time a value stands, such as 2d; then it is missing. None: for ever.
    """

    max_age = Param[str | None](None, type=str, help="how long a value stands, such as 2d; for ever where not said")

    def records(self) -> Iterable[SeriesRecord]:
        """All records that are known, in any order. A live session asks again for every batch; where this raises, or
        gives something that is no record, the session goes on with what it had, and says so."""
        raise NotImplementedError(f"{type(self).__name__} needs a records method")

    def meaning(self) -> dict[str, object]:
        """What makes its numbers others (JSON values), for the hash of a feature set: all its parameters.

        Override it to leave out those that say only where the numbers are found, such as a path, an address or a key.
        """
        return {name: _json(getattr(self, name)) for name in self.params()}

    def hashes(self) -> dict[str, str]:
        """SHA-256 by path of the files that it reads."""
        return {}


def standing(series: Series, name: str) -> list[SeriesRecord]:
    """The records of a series that stand at some time, in the order in which they do: each from its `available` time
    until that of the next.

    What stands is the newest, by its `valid` time, of what is available; of several that speak of one time, the one
    that became available last. A late revision of an older time never stands.

    Raises `PluginError` that names the series, and the record where one is none, and what `records` raises of our own
    errors.
    """
    try:
        given = list(series.records())
    except PapertapeError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(f"external series {name!r}: records() failed: {type(error).__name__}: {error}") from error
    records = [_record(f"external series {name!r}: record {at}", record) for at, record in enumerate(given, start=1)]
    found: list[SeriesRecord] = []
    for record in sorted(records, key=lambda each: (each.available, each.valid)):
        if not found or record.valid >= found[-1].valid:
            found.append(record)
    return found


def _record(where: str, given: Any) -> SeriesRecord:
    """A record in plain numbers, whatever kind of numbers it was given in."""
    try:
        valid, available, value = given
    except (TypeError, ValueError):
        raise PluginError(f"{where} is {given!r}; it must be a SeriesRecord(valid, available, value)") from None
    return SeriesRecord(
        _time(f"{where}: valid", valid), _time(f"{where}: available", available), _value(f"{where}: value", value)
    )


def _time(where: str, given: Any) -> int:
    try:
        time = int(given)
        if time == given and abs(time) < _LATEST:
            return time
    except (TypeError, ValueError, ArithmeticError):
        pass
    raise PluginError(f"{where} is {given!r}; it must be a time in ms UTC, a whole number")


def _value(where: str, given: Any) -> float:
    try:
        value = math.nan if isinstance(given, str) else float(given)
    except (TypeError, ValueError, ArithmeticError):
        value = math.nan
    if not math.isfinite(value):
        raise PluginError(f"{where} is {given!r}; it must be a finite number: leave out what is missing")
    return value


def _json(value: object) -> object:
    """A parameter's value as JSON has it; what JSON lacks as text."""
    if isinstance(value, Mapping):
        return {str(key): _json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(each) for each in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
