"""External series: numbers from elsewhere, such as a fear-and-greed index or a news score, each with its times."""

from collections.abc import Iterable
from typing import NamedTuple

from papertape.contract.component import Component, Param


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
        """All records that are known, in any order. A live session asks again for every batch."""
        raise NotImplementedError(f"{type(self).__name__} needs a records method")

    def meaning(self) -> dict[str, object]:
        """What of its parameters changes the numbers (JSON values), for the hash of a feature set."""
        return {"max_age": self.max_age}

    def hashes(self) -> dict[str, str]:
        """SHA-256 by path of the files that it reads."""
        return {}
