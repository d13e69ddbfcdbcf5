"""A session's features: the union of what its plugins ask for, one stream for each timeframe, batch by batch."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import TS, Floats, Row
from papertape.contract.series import SeriesRecord
from papertape.features.batches import merged
from papertape.features.external import Heard
from papertape.features.machine_code import Progress
from papertape.features.plan import Plan, plan
from papertape.features.request import Feature
from papertape.features.stream import RAW, Stream
from papertape.market.timeframe import period

Places: TypeAlias = npt.NDArray[np.intp]
"""Where features stand in a symbol's row: the session's own timeframe first, then the higher ones."""


def plans(
    features: Sequence[Feature], symbols: Sequence[str], timeframe: str, reference: str | None = None
) -> dict[str, Plan]:
    """A plan for each timeframe that is asked for, the session's own first, in the order of `features`."""
    groups: dict[str, list[Feature]] = {timeframe: []}
    for feature in features:
        groups.setdefault(feature.timeframe or timeframe, []).append(feature)
    return {name: plan(group, symbols, reference) for name, group in groups.items()}


class FeatureEngine:
    """The features of a session as they stand after its last batch.

    Of a higher timeframe the values are those of its newest closed candle; one in which the symbol's first candle lies
    is left out, since what came before it is not known. A symbol without a candle in a batch has
    none in it: nothing is carried forward. `series`: the external ones and how long their values stand, ms.
    """

    def __init__(
        self,
        features: Sequence[Feature],
        symbols: Sequence[str],
        timeframe: str,
        reference: str | None = None,
        series: Mapping[str, int | None] = MappingProxyType({}),
        progress: Progress = lambda done, total: None,
    ) -> None:
        self.timeframe = timeframe
        self.features = tuple(features)
        self.symbols = tuple(symbols)
        self.heard = Heard(series)
        made = plans(features, symbols, timeframe, reference)
        self._streams = {name: Stream(each, period(name), progress=progress) for name, each in made.items()}
        self._base = self._streams[timeframe]
        self._ahead: Stream | None = None
        self._values = {name: np.full((len(symbols), each.width), np.nan) for name, each in made.items()}
        self._fresh = np.zeros(len(symbols), np.bool_)
        self._begun: list[int | None] = [None] * len(symbols)  # open of each symbol's first candle
        self._past: dict[str, list[list[Row]]] = {name: [[] for _ in symbols] for name in made if name != timeframe}
        first, firsts = 0, {}
        for name, each in made.items():
            firsts[name] = first
            first += each.width
        columns = {name: iter(each.columns) for name, each in made.items()}
        self._place = {
            feature.name: firsts[name] + next(columns[name])
            for feature in features
            for name in [feature.timeframe or timeframe]
        }
        self._external = {name: self._place[name] for name in series if name in self._place}

    def places(self, features: Iterable[Feature]) -> Places:
        """Where some of the features stand."""
        return np.array([self._place[feature.name] for feature in features], np.intp)

    def take(self, now: int, rows: Sequence[Row | None], closed: Sequence[tuple[str, int, Row]] = ()) -> None:
        """Takes in the batch that closes at `now` (ms UTC), and the higher-timeframe candles (timeframe, slot, candle)
        that it closed."""
        if self._past:
            self._remembered()
        for slot, row in enumerate(rows):
            self._fresh[slot] = row is not None
            if row is not None and self._begun[slot] is None:
                self._begun[slot] = row[TS]
        self._values[self.timeframe] = values = self._base.step(rows)
        for name, place in self._external.items():
            values[self._fresh, place] = self.heard.value(name, now)
        for name in {name: None for name, _, _ in closed if name in self._streams}:
            whole = [(slot, row) for timeframe, slot, row in closed if timeframe == name and self._whole(slot, row)]
            self._close(name, whole)

    def ahead(self, candles: Sequence[Floats], fresh: npt.NDArray[np.bool_]) -> Floats:
        """The values `(n, symbols, width)` of the session's own timeframe as they will stand after each of the next `n`
        batches, bit for bit; takes nothing in. `candles`, `fresh`: as `Stream.run` has them. External series are NaN.
        """
        if self._ahead is None:
            self._ahead = Stream(self._base.plan, period(self.timeframe))
        self._ahead.state = self._base.state
        return self._ahead.run(candles, fresh)

    def own_places(self) -> set[int]:
        """Where the features of the session's own timeframe stand that follow from its candles alone."""
        return set(range(self._base.plan.width)) - set(self._external.values())

    def remember(self, slot: int, timeframe: str, rows: Iterable[Row]) -> None:
        """Puts candles of a higher timeframe from before the first batch, oldest first, behind those it has."""
        if timeframe in self._past:
            self._past[timeframe][slot] += rows

    def read(self, slot: int, places: Places) -> bytes:
        """A symbol's values, packed float64, NaN for what is missing."""
        if not self._fresh[slot]:
            return np.full(len(places), np.nan).tobytes()
        rows = [values[slot] for values in self._values.values()]
        return (rows[0] if len(rows) == 1 else np.concatenate(rows))[places].tobytes()

    def _whole(self, slot: int, row: Row) -> bool:
        """Whether a higher-timeframe candle is none that the symbol's first candle lies inside of."""
        begun = self._begun[slot]
        return begun is not None and row[TS] >= begun

    def _close(self, timeframe: str, closed: Sequence[tuple[int, Row]]) -> None:
        stream, held = self._streams[timeframe], self._values[timeframe]
        for ts in sorted({row[TS] for _, row in closed}):
            batch: list[Row | None] = [None] * len(held)
            for slot, row in closed:
                if row[TS] == ts:
                    batch[slot] = row
            values = stream.step(batch)
            for slot, each in enumerate(batch):
                if each is not None:
                    held[slot] = values[slot]

    def _remembered(self) -> None:
        """Has the streams of higher timeframes take in what was before the first batch, all symbols together."""
        for name, kept in self._past.items():
            if any(kept):
                candles = [_columns(rows) for rows in kept]
                _, fresh = merged(candles)
                values = self._streams[name].run(candles, fresh)
                for slot in range(len(kept)):
                    if fresh[:, slot].any():
                        self._values[name][slot] = values[np.flatnonzero(fresh[:, slot])[-1], slot]
        self._past = {}

    def difference(self, kept: Mapping[str, Any]) -> tuple[str, str, float, float] | None:
        """The first value that is another in a kept state: feature, symbol, the kept value, the one here."""
        row = np.concatenate(list(self._values.values()), axis=1)
        old = np.concatenate([kept["values"][name] for name in self._values], axis=1)
        for feature in self.features:
            place = self._place[feature.name]
            for slot, symbol in enumerate(self.symbols):
                if old[slot, place].tobytes() != row[slot, place].tobytes():
                    return feature.asked, symbol, float(old[slot, place]), float(row[slot, place])
        return None

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "streams": {name: stream.state for name, stream in self._streams.items()},
            "values": {name: values.copy() for name, values in self._values.items()},
            "fresh": self._fresh.copy(),
            "begun": list(self._begun),
            "heard": {name: list(record) for name, record in self.heard.newest.items()},
            "past": {name: [[list(row) for row in rows] for rows in kept] for name, kept in self._past.items()},
        }

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        for name, stream in self._streams.items():
            stream.state = kept["streams"][name]
            self._values[name] = kept["values"][name].copy()
        self._fresh = kept["fresh"].copy()
        self._begun = list(kept["begun"])
        self.heard.newest = {name: SeriesRecord(*record) for name, record in kept["heard"].items()}
        self._past = {name: [[tuple(row) for row in rows] for rows in each] for name, each in kept["past"].items()}


def _columns(rows: Sequence[Row]) -> Floats:
    """Candles (6, n)."""
    return np.array([row[:RAW] for row in rows], np.float64).reshape(-1, RAW).T.copy()
