"""Features from their very first value on, for reference series that are shorter than a declared warm-up."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from tests.features.families.computed import CATALOGUE

from papertape.contract.candle import Floats
from papertape.features.plan import Plan, plan
from papertape.features.stream import Stream

DAY = 86_400_000
COLUMNS = ("ts", "open", "high", "low", "close", "volume")


def unblanked(layout: Plan) -> Plan:
    """The same plan, in which every value shows as soon as the step gives one."""
    parts = tuple(replace(part, warmups=(1,) * len(part.warmups)) for part in layout.parts)
    return replace(layout, parts=parts)


class Ours(Mapping[str, Floats]):
    """A symbol's columns and features by name, computed when they are asked for.

    `candles`: (6, n), ts to volume. `blanked`: whether values before the declared warm-up are NaN.
    """

    def __init__(self, candles: Floats, period: int = DAY, blanked: bool = False) -> None:
        self.candles = np.ascontiguousarray(candles, np.float64)
        self.period = period
        self.blanked = blanked
        self._known: dict[str, Floats] = dict(zip(COLUMNS, self.candles, strict=True))

    def __getitem__(self, name: str) -> Floats:
        if name not in self._known:
            layout = plan(CATALOGUE.select([name]), ["X/Y"])
            layout = layout if self.blanked else unblanked(layout)
            stream = Stream(layout, self.period, room=self.candles.shape[1])
            self._known[name] = stream.run([self.candles])[:, 0, layout.columns[0]]
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def candles(**columns: Floats) -> Floats:
    """Candles (6, n), one a day, of some of their columns: prices that are not given are the close, volumes are 1."""
    n = len(next(iter(columns.values())))
    close = columns.get("close", (columns.get("high", np.ones(n)) + columns.get("low", np.ones(n))) / 2)
    defaults = {"ts": 1_600_041_600_000.0 + DAY * np.arange(n), "volume": np.ones(n)}
    return np.array([columns.get(name, defaults.get(name, close)) for name in COLUMNS])
