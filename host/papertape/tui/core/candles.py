"""Candles for charts: what the session's own windows hold, joined over time, and the past from its tape or source."""

from collections.abc import Callable, Mapping

import numpy as np

from papertape.contract.candle import PACKED, Candles, Row
from papertape.contract.feed import Feed
from papertape.engine.build import find
from papertape.engine.discovery import load_plugins
from papertape.engine.recorded import RECORDED, RecordedFeed, replayed
from papertape.engine.tape import Header, overlay, read_header
from papertape.ledger.store import Ledger

KEPT = 2_000
"""Candles of a symbol that a chart can show."""


class CandleHistory:
    """The newest candles of each symbol, without a hole in them, `KEPT` at most."""

    def __init__(self) -> None:
        self.by_symbol: dict[str, Candles] = {}
        self._packed: dict[str, bytes] = {}
        self._batch = -1
        self.whole = False
        """Whether there is nothing more to be had from before what it holds."""

    def see(self, batch: int, windows: Mapping[str, bytes]) -> None:
        """Takes in the windows (packed) that the session has after a batch. Where more batches have gone by than they
        span, what was there before is let go."""
        reach = max((len(window) // PACKED.size for window in windows.values()), default=0)
        follows = self._batch >= 0 and batch - self._batch <= reach
        for symbol, window in windows.items():
            self._keep(symbol, _joined(self._packed.get(symbol, b""), window) if follows else window)
        self.whole = self.whole and follows
        self._batch = batch

    def recall(self, batch: int, past: Mapping[str, bytes]) -> None:
        """Takes in the past up to a batch (packed), as `past_candles` read it; in vain where the session has left it
        behind."""
        if self._batch - batch > min(map(len, self.by_symbol.values()), default=0):
            return
        for symbol, packed in past.items():
            self._keep(symbol, _joined(packed, self._packed.get(symbol, b"")))
        self.whole = True

    def _keep(self, symbol: str, packed: bytes) -> None:
        self._packed[symbol] = packed
        self.by_symbol = {**self.by_symbol, symbol: Candles(packed)}


def past_candles(
    ledger: Ledger, session: str, batch: int, given_up: Callable[[], bool] = lambda: False
) -> dict[str, bytes]:
    """The session's candles of the last batches up to a number, packed, by symbol: from its tape where it was live,
    else from the source that its tape names, which must still be as it was. Empty once `given_up`.

    Raises TapeSourceChanged, or RequestError kinds, where the source is not to be had any more.
    """
    header = read_header(overlay(ledger, session))
    feed = _feed(header, ledger, session)
    try:
        rows = _read(feed, batch, given_up)
    finally:
        feed.close()
    return {symbol: b"".join(PACKED.pack(*row) for row in each) for symbol, each in rows.items()}


def _feed(header: Header, ledger: Ledger, session: str) -> Feed:
    """What gives the session's candles; strategies and models have no say in that."""
    return RecordedFeed(ledger, session, header) if header.live else _again(header, ledger)


def _again(header: Header, ledger: Ledger) -> Feed:
    """The feed of a session whose tape does not hold its candles; of a replay, what was replayed."""
    spec, params = header.config.feed, header.feed["params"]
    if spec.kind == RECORDED:
        return replayed(ledger, params, lambda of: _again(of, ledger))
    made: Feed = find(load_plugins(), "feed", spec).create(spec.kind, params)
    return made


def _read(feed: Feed, batch: int, given_up: Callable[[], bool]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {symbol: [] for symbol in feed.symbols}
    number = first = max(0, batch + 1 - KEPT)
    for block in feed.blocks(first):
        for rows in block.rows:
            if number > batch or given_up():
                return found
            for symbol, row in zip(feed.symbols, rows, strict=True):
                if row is not None:
                    found[symbol].append(row)
            number += 1
    return found


def _joined(before: bytes, after: bytes) -> bytes:
    """Both, packed, without what the later one tells anew; the newest `KEPT`."""
    if after:
        end = int(np.searchsorted(Candles(before).ts, Candles(after).ts[0]))
        before = before[: end * PACKED.size]
    return (before + after)[-KEPT * PACKED.size :]
