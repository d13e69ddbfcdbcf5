"""Datasets out of candles: features by the code that builds tables and runs in sessions, labels beside them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape.contract.errors import ConfigError, RequestError
from papertape.features.batches import merged
from papertape.features.feature_set import FeatureSet
from papertape.features.known import Known
from papertape.features.stretches import ROOM, rows_at_a_time
from papertape.features.timeframes import History, base_warmup
from papertape.feeds.merge import concatenate
from papertape.feeds.reading import symbol_candles
from papertape.feeds.rows import EARLIEST, LATEST, Scope
from papertape.feeds.sources import Source
from papertape.market.timeframe import period
from papertape_ml.data.dataset import Dataset
from papertape_ml.labels import LabelSet, LabelSpec, label, uniqueness

Market: TypeAlias = Mapping[str, Floats]
"""The candles (6, n) of each symbol: ts, open, high, low, close, volume."""
Missing: TypeAlias = Literal["keep", "drop"]
"""What becomes of a row that lacks a feature's value: trees take it, networks do not."""

NO_FEATURE: Final = "a feature without a value"
NO_ROW: Final = "not in the feature table"
NOTHING: Final[Mapping[str, Known]] = {}
_COLUMNS: Final = 6


def read_candles(
    sources: Sequence[Sequence[Source]], start: int = EARLIEST, end: int = LATEST, skip: bool = False
) -> dict[str, Floats]:
    """The candles of files, those of one symbol together, mended as sessions mend them. `start`, `end`: first open
    time and the one to stop before. Raises `BadRow` and `CandleFileError`, and `RequestError` where there are none."""
    found = {}
    for files in sources:
        scope = Scope("", "", start, end, skip)
        pieces = [rows for rows, _ in symbol_candles(files, scope)]
        rows = concatenate(pieces)
        rows = rows.part(rows.before(start))
        if not len(rows.ts):
            raise RequestError(f"no candle of {files[0].symbol} in {files[0].path.name} and what goes with it")
        found[files[0].symbol] = np.array(rows[:_COLUMNS], np.float64)
    return found


def from_candles(
    candles: Market,
    wanted: FeatureSet,
    spec: LabelSpec,
    missing: Missing = "keep",
    external: Mapping[str, Known] = NOTHING,
) -> Dataset:
    """The rows of candles, all of them in memory. Raises `RequestError` kinds where there is nothing to learn from."""
    rows = Rows(candles, wanted, spec)
    for slots in [range(len(candles))] if wanted.panel else [[slot] for slot in range(len(candles))]:
        for slot, first, values in computed(candles, wanted, external, slots):
            at = np.arange(first, first + len(values))
            rows.take(slot, at, values)
    return rows.dataset(missing)


def computed(
    candles: Market,
    wanted: FeatureSet,
    external: Mapping[str, Known],
    slots: Sequence[int],
    cuts: Callable[[int], Ints] = lambda batches: np.empty(0, np.int64),
) -> Iterator[tuple[int, int, Floats]]:
    """The features of some symbols, stretch by stretch: place of the symbol, number of the stretch's first candle among
    the symbol's, and values (n, features).

    `cuts`: of so many batches the numbers of those before which a stretch ends; what comes later cannot have been seen.
    """
    symbols = [tuple(candles)[slot] for slot in slots]
    some = [np.ascontiguousarray(candles[symbol], np.float64) for symbol in symbols]
    history = History(wanted.features, symbols, wanted.timeframe, wanted.reference, external, ROOM)
    times, fresh = merged(some)
    had = np.concatenate([np.zeros((1, len(slots)), np.int64), fresh.cumsum(axis=0)])
    steps = np.arange(0, len(times), rows_at_a_time(wanted, len(slots)))
    edges = np.unique(np.concatenate([steps, cuts(len(times)), [len(times)]])).tolist()
    for begin, end in pairwise(edges):
        taken = [one[:, had[begin, at] : had[end, at]] for at, one in enumerate(some)]
        values = history.run(taken, fresh[begin:end])
        for at, slot in enumerate(slots):
            yield slot, int(had[begin, at]), values[fresh[begin:end, at], at]


class Rows:
    """A dataset in the making: the labels of all symbols, and room for the features of their rows."""

    def __init__(self, candles: Market, wanted: FeatureSet, spec: LabelSpec) -> None:
        if not candles:
            raise ConfigError("a dataset needs the candles of a symbol")
        if wanted.panel and set(wanted.universe) != set(candles):
            there, asked = ", ".join(candles), ", ".join(wanted.universe)
            raise ConfigError(f"features look at the symbols {asked}; the candles are those of {there}")
        self.wanted = wanted
        self.symbols = tuple(candles)
        self.labels: list[LabelSet] = [label(one, wanted.timeframe, spec) for one in candles.values()]
        counts = [len(labels) for labels in self.labels]
        if not sum(counts):
            dropped = ", ".join(f"{count:,} {reason}" for reason, count in _added(self.labels).items())
            raise RequestError(
                f"no candle has a label {str(spec)!r}: {dropped}; more candles would do, or a shorter horizon"
            )
        slot = np.repeat(np.arange(len(counts)), counts)
        self._order = np.lexsort((slot, np.concatenate([labels.t0 for labels in self.labels])))
        place = np.empty(len(slot), np.int64)
        place[self._order] = np.arange(len(slot))
        self._places = np.split(place, np.cumsum(counts)[:-1])
        self._symbol = slot[self._order]
        self._filled = np.zeros(len(slot), np.bool_)
        self._features = np.full((len(slot), len(wanted.features)), np.nan)

    def take(self, slot: int, at: Ints, values: Floats) -> None:
        """Puts the features (n, features) of these candles of a symbol where they belong; those without a label go."""
        rows = self.labels[slot].rows
        found = np.searchsorted(rows, at)
        known = (found < len(rows)) & (rows[np.minimum(found, len(rows) - 1)] == at) if len(rows) else found < 0
        places = self._places[slot][found[known]]
        self._features[places] = values[known]
        self._filled[places] = True

    def dataset(self, missing: Missing) -> Dataset:
        """The whole, once all features are in."""
        labels, wanted = self.labels, self.wanted
        first = labels[0]
        profits = [each.profit for each in labels if each.profit is not None]
        weights = np.concatenate([uniqueness(each.t0, each.t1) for each in labels])[self._order]
        dropped = _added(labels)
        whole = Dataset(
            features=self._features,
            names=wanted.names,
            feature_set=wanted.document(),
            label=first.spec,
            timeframe=wanted.timeframe,
            symbols=self.symbols,
            symbol=self._symbol,
            ts=np.concatenate([each.ts for each in labels])[self._order],
            t0=np.concatenate([each.t0 for each in labels])[self._order],
            t1=np.concatenate([each.t1 for each in labels])[self._order],
            y=np.concatenate([each.y for each in labels])[self._order],
            profit=np.concatenate(profits)[self._order] if profits else None,
            weight=weights,
            dropped=dropped,
            horizon=first.horizon,
            warmup=warmup(wanted, len(self.symbols)),
        )
        kept = self._filled
        _count(dropped, NO_ROW, ~kept)
        if missing == "drop":
            without = np.isnan(self._features).any(axis=1)
            _count(dropped, NO_FEATURE, kept & without)
            kept = kept & ~without
        if not kept.any():
            longest = whole.warmup // period(whole.timeframe)
            raise RequestError(f"no row has all features; the longest warm-up is {longest:,} candles of the timeframe")
        whole = whole if kept.all() else whole.take(np.flatnonzero(kept))
        return replace(whole, weight=whole.weight / whole.weight.mean())


def warmup(wanted: FeatureSet, symbols: int) -> int:
    """How far back the longest memory among the features goes, ms."""
    candles = max((base_warmup(feature, symbols, wanted.timeframe) for feature in wanted.features), default=0)
    return candles * period(wanted.timeframe)


def _added(labels: Sequence[LabelSet]) -> dict[str, int]:
    reasons = dict.fromkeys(reason for each in labels for reason in each.dropped)
    return {reason: sum(each.dropped.get(reason, 0) for each in labels) for reason in reasons}


def _count(dropped: dict[str, int], reason: str, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
    if which.any():
        dropped[reason] = int(which.sum())
