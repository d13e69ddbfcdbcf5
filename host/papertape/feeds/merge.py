"""Streams of candles brought together in time, piece by piece, so that no stream is ever held whole."""

from collections.abc import Iterator, Sequence

import numpy as np

from papertape.contract.candle import Ints
from papertape.contract.feed import Note
from papertape.feeds.rows import LATEST, BadRowAt, Rows

Piece = tuple[Rows, list[Note]]
"""Some candles of a stream, later than all before them, and what was noted on reading them."""

_NO_TIMES, _NO_PRICES = np.empty(0, np.int64), np.empty(0)
NOTHING = Rows(_NO_TIMES, _NO_PRICES, _NO_PRICES, _NO_PRICES, _NO_PRICES, _NO_PRICES, _NO_TIMES)
"""No candles."""


def rounds(streams: Sequence[Iterator[Piece]]) -> Iterator[tuple[list[Rows], list[Note]]]:
    """One round after the other: each stream's next candles up to a time that all streams have been read to.

    A `BadRowAt` of a stream is raised when all candles of all streams that open before it have been given.
    """
    heads: list[Rows | None] = [None] * len(streams)  # None: to be read, or at its end
    live = [True] * len(streams)
    stop: BadRowAt | None = None
    while True:
        notes: list[Note] = []
        horizon = LATEST
        for number, stream in enumerate(streams):
            while live[number] and heads[number] is None:
                try:
                    rows, noted = next(stream)
                except StopIteration:
                    live[number] = False
                except BadRowAt as bad:
                    live[number] = False
                    stop = bad if stop is None or bad.ts < stop.ts else stop
                else:
                    notes += noted
                    heads[number] = rows if len(rows.ts) else None
            head = heads[number]
            if live[number] and head is not None:
                horizon = min(horizon, int(head.ts[-1]))
        if stop is not None:
            horizon = min(horizon, stop.ts - 1)
        pieces, more = [], False
        for number, head in enumerate(heads):
            if head is None:
                pieces.append(NOTHING)
                continue
            cut = head.until(horizon)
            pieces.append(head.part(0, cut))
            heads[number] = head.part(cut) if cut < len(head.ts) else None
            more = more or cut > 0
        if more or notes:
            yield pieces, notes
        if stop is not None and horizon == stop.ts - 1:
            raise stop
        if not any(live) and not more:
            return


def concatenate(pieces: Sequence[Rows]) -> Rows:
    """Pieces one after the other, as one."""
    return Rows(
        np.concatenate([rows.ts for rows in pieces]), np.concatenate([rows.open for rows in pieces]),
        np.concatenate([rows.high for rows in pieces]), np.concatenate([rows.low for rows in pieces]),
        np.concatenate([rows.close for rows in pieces]), np.concatenate([rows.volume for rows in pieces]),
        np.concatenate([rows.flags for rows in pieces]),
    )  # fmt: skip


def first_of_each_time(pieces: Sequence[Rows]) -> tuple[Rows, Ints]:
    """Pieces of one symbol in time order, the first piece's candle where several have one; the times of the others."""
    filled = [rows for rows in pieces if len(rows.ts)]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING, NOTHING.ts
    rows = concatenate(filled)
    rows = rows.pick(np.argsort(rows.ts, kind="stable"))
    again = np.concatenate([[False], rows.ts[1:] == rows.ts[:-1]])
    return rows.pick(np.flatnonzero(~again)), rows.ts[again]
