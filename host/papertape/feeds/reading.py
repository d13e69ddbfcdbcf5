"""Candles out of files: one file's rows sifted, and the files of one symbol joined in time order."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from papertape.contract.candle import Ints
from papertape.contract.errors import CandleFileError
from papertape.feeds.marks import Last, mark, overlap
from papertape.feeds.merge import Piece, first_of_each_time, rounds
from papertape.feeds.rows import EARLIEST, BadRowAt, Scope, sift
from papertape.feeds.sources import Source
from papertape.market.timeframe import grid_origin, period
from papertape.store.candle_files import read_columns


def file_candles(source: Source, scope: Scope) -> Iterator[Piece]:
    """The candles of one file, as they stand there.

    Raises `BadRowAt` for a bad row that the scope does not skip, or if the file turns out to be unreadable further on,
    and `CandleFileError` if it is from the start.
    """
    before, newest = 0, EARLIEST
    try:
        for columns in read_columns(source.path):
            if not before:
                _check_timeframe(source, columns.ts)
            sifted = sift(scope, columns, before, newest)
            before, newest = before + len(columns.ts), sifted.newest
            yield sifted.rows, sifted.notes
            if sifted.bad is not None:
                raise sifted.bad
            if sifted.done:
                return
    except CandleFileError as error:
        if not before:
            raise
        raise BadRowAt(str(error), newest + 1) from None


def joined_candles(sources: Sequence[Source], scope: Scope) -> Iterator[Piece]:
    """The candles of all files of one symbol, as they stand there; of candles with one time, the first file's."""
    for pieces, notes in rounds([file_candles(each, replace(scope, source=each.path.name)) for each in sources]):
        rows, again = first_of_each_time(pieces)
        again = again[again >= scope.start]
        yield rows, [*notes, *([overlap(scope, again)] if len(again) else [])]


def symbol_candles(sources: Sequence[Source], scope: Scope) -> Iterator[Piece]:
    """The candles of one symbol from all its files, mended and flagged, with all that is noted of them."""
    first, *more = (source.path.name for source in sources)
    scope = replace(scope, symbol=sources[0].symbol, source=f"{first} and {len(more)} more" if more else first)
    step, origin = period(sources[0].timeframe), grid_origin(sources[0].timeframe)
    last: Last | None = None
    for rows, notes in joined_candles(sources, scope):
        rows, marks, last = mark(scope, rows, last, step, origin)
        yield rows, notes + marks


def _check_timeframe(source: Source, ts: Ints) -> None:
    step = float(np.median(np.diff(ts))) if len(ts) > 2 else 0.0
    if 0 < step < period(source.timeframe) / 2:
        raise CandleFileError(
            f"{source.path} holds a candle every {step / 1000:g} s, so its timeframe is not {source.timeframe}; "
            "say the right one with --timeframe, or in the file's name"
        )
