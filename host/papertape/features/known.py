"""External series over a history: what a session would have heard of at each close."""

from dataclasses import dataclass

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape.contract.series import Series, standing
from papertape.features.external import oldest


@dataclass(frozen=True, slots=True)
class Known:
    """The records of a series that stand at some time, in that order: times in ms UTC, (n,). `age`: how long a value
    stands, ms, None for ever. `hashes`: SHA-256 by path of the files that they come from."""

    valid: Ints
    available: Ints
    value: Floats
    age: int | None
    hashes: dict[str, str]

    @classmethod
    def of(cls, series: Series, name: str) -> "Known":
        """Raises `InvalidValue` where its age limit is none, and as `standing` does."""
        records = standing(series, name)
        valid, available, value = zip(*records, strict=True) if records else ((), (), ())
        return cls(
            np.array(valid, np.int64),
            np.array(available, np.int64),
            np.array(value, np.float64),
            oldest(series, name),
            series.hashes(),
        )

    def at(self, closes: Floats) -> Floats:
        """What stands at each of these times, ms UTC (n,); NaN where there is nothing, or only what is too old."""
        newest = np.searchsorted(self.available, closes, side="right") - 1
        found = np.full(len(closes), np.nan)
        there = newest >= 0
        if self.age is not None:
            there[there] = closes[there] - self.valid[newest[there]] <= self.age
        found[there] = self.value[newest[there]]
        return found
