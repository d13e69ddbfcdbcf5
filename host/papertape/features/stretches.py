"""The rows of a feature table, computed a stretch of candles at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa

from papertape.contract.candle import Floats
from papertape.contract.errors import ConfigError
from papertape.features.batches import merged
from papertape.features.catalogue import Catalogue
from papertape.features.feature_set import FeatureSet
from papertape.features.known import Known
from papertape.features.timeframes import History
from papertape.feeds.merge import Piece, concatenate, rounds
from papertape.feeds.reading import symbol_candles
from papertape.feeds.rows import EARLIEST, LATEST, Rows, Scope
from papertape.feeds.sources import Source
from papertape.store.candle_files import count_rows

VALUES = 1 << 22
"""Values that are computed at a time: 32 MiB."""
ROOM = 1 << 12
"""Candles that kernels go through at a time: few enough for their values to stay in the processor's cache."""

_BLOCK = 256
"""Rows that are turned into columns at a time, which the processor's cache can hold."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a table is made of. `sources`: the files of each symbol, in the symbols' order; `start`, `end`: first open
    time and the one to stop before, ms UTC; candles before `start` only warm up. `external`: series from elsewhere, by
    the names that features have for them."""

    sources: tuple[tuple[Source, ...], ...]
    names: tuple[str, ...]
    timeframe: str
    reference: str | None = None
    start: int = EARLIEST
    end: int = LATEST
    skip: bool = False
    external: Mapping[str, Known] = field(default_factory=dict)

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(sources[0].symbol for sources in self.sources)

    def feature_set(self, catalogue: Catalogue) -> FeatureSet:
        """Raises `RequestError` kinds for a feature that there is not, or a reference that is not among the symbols."""
        if self.reference is not None and self.reference not in self.symbols:
            raise ConfigError(f"no reference {self.reference!r} among the symbols; there is {', '.join(self.symbols)}")
        return FeatureSet(catalogue.select(self.names), self.timeframe, self.symbols, self.reference)

    def total(self) -> int | None:
        """How many candles the files hold, as they say; None where they do not."""
        counts = [count_rows(source.path) for sources in self.sources for source in sources]
        return None if None in counts else sum(filter(None, counts))

    def schema(self) -> pa.Schema:
        """Columns of the table."""
        columns = [("ts", pa.int64()), ("symbol", pa.dictionary(pa.int32(), pa.string()))]
        return pa.schema([*columns, *((name, pa.float64()) for name in self.names)])


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of some symbols, (number of the symbol, rows), and how many candles were read for them."""

    candles: int
    rows: list[tuple[int, pa.RecordBatch]]


def stretches(request: Request, wanted: FeatureSet, slots: Sequence[int]) -> Iterator[Stretch]:
    """The rows of some symbols, in time order; all of them together where features look at several.

    Raises `BadRow` for a row that cannot be a candle unless the request skips those, and `CandleFileError`.
    """
    symbols = [request.symbols[slot] for slot in slots]
    history = History(wanted.features, symbols, wanted.timeframe, wanted.reference, request.external, ROOM)
    schema = request.schema()
    scope = Scope("", "", EARLIEST, request.end, request.skip)
    most = rows_at_a_time(wanted, len(slots))
    for pieces in _gathered([symbol_candles(request.sources[slot], scope) for slot in slots], most):
        candles = [np.array(piece[:6], np.float64) for piece in pieces]
        times, fresh = merged(candles)
        had = np.concatenate([np.zeros((1, len(slots)), np.int64), fresh.cumsum(axis=0)])
        for begin in range(0, len(times), most):
            end = min(begin + most, len(times))
            some = [one[:, had[begin, at] : had[end, at]] for at, one in enumerate(candles)]
            values = history.run(some, fresh[begin:end])
            found = []
            for at, slot in enumerate(slots):
                shown = fresh[begin:end, at] & (times[begin:end] >= request.start)
                if shown.any():
                    found.append((slot, _batch(schema, symbols[at], times[begin:end][shown], values[shown, at])))
            yield Stretch(int((had[end] - had[begin]).sum()), found)


def rows_at_a_time(wanted: FeatureSet, symbols: int = 1) -> int:
    """How many batches of so many symbols are computed at a time."""
    return max(16, min(1 << 16, VALUES // symbols // len(wanted.features)))


def _gathered(streams: Sequence[Iterator[Piece]], most: int) -> Iterator[list[Rows]]:
    """The next candles of several symbols, `most` or a few more of one; up to a time that all have been read to."""
    held: list[list[Rows]] = [[] for _ in streams]
    for pieces, _ in chain(rounds(streams), [(None, None)]):
        for kept, piece in zip(held, pieces or (), strict=bool(pieces)):
            kept.append(piece)
        longest = max(sum(len(piece.ts) for piece in kept) for kept in held)
        if longest >= most or (pieces is None and longest):
            yield [concatenate(kept) for kept in held]
            held = [[] for _ in streams]


def _batch(schema: pa.Schema, symbol: str, times: Floats, values: Floats) -> pa.RecordBatch:
    columns = np.empty(values.shape[::-1])
    for begin in range(0, len(values), _BLOCK):
        columns[:, begin : begin + _BLOCK] = values[begin : begin + _BLOCK].T
    symbols = pa.DictionaryArray.from_arrays(np.zeros(len(times), np.int32), pa.array([symbol]))
    return pa.record_batch([pa.array(times.astype(np.int64)), symbols, *map(pa.array, columns)], schema=schema)
