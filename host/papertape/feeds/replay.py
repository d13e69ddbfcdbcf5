"""Replay: candle files as a feed, streamed, so that memory does not grow with their length."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import groupby, repeat
from pathlib import Path
from typing import Any

import numpy as np

from papertape.contract.candle import CandleFlag, Ints, Row
from papertape.contract.component import Param
from papertape.contract.errors import BadRow, CandleFileError, ConfigError, RequestError, TapeSourceChanged
from papertape.contract.feed import Block, Feed, Note
from papertape.feeds.marks import combine
from papertape.feeds.merge import NOTHING, rounds
from papertape.feeds.rates import Rates
from papertape.feeds.reading import symbol_candles
from papertape.feeds.rows import EARLIEST, LATEST, Rows, Scope
from papertape.feeds.sources import one_timeframe, resolve
from papertape.market.timeframe import iso, period
from papertape.store.candle_files import count_rows, read_columns, sha256
from papertape.store.candle_names import candle_files

BLOCK = 1024
"""Candles that are made at a time: few enough for the processor's cache, in which they are used a third faster."""


class ReplayFeed(Feed):
    """Candles from Parquet, CSV and Feather files, those of one symbol joined in time order.

    `sources` are files, or folders of them; `symbols` picks from what the files' names say, or names files whose names
    say nothing, in order. `start` is the first open time and `end` the one to stop before, ms UTC. The `warmup` batches
    before `start` only warm up; without `start` the first ones do. Raises `RequestError` for all that is known to be
    wrong before the first candle, a bad row in the first batch included, and `TapeSourceChanged` where a file is gone
    or is not the one that `hashes` (path to SHA-256) says.
    """

    looks_back = True
    sources = Param[tuple[str, ...]]((), help="candle files, or folders of them")
    # What is asked for; after construction, what was found.
    symbols = Param[tuple[str, ...]]((), help="which symbols, or names for files, in order")
    timeframe = Param[str](None, type=str, help="where file names do not say it")  # type: ignore[arg-type]
    start = Param[int | None](None, type=int, help="first open time, ms UTC")
    end = Param[int | None](None, type=int, help="open time to stop before, ms UTC")
    warmup = Param(0, min=0, help="batches before start, or else the first ones, that only warm up")
    on_bad_row = Param("stop", choices=("stop", "skip"), help="stop before a row that cannot be a candle, or skip it")
    funding = Param[tuple[str, ...]]((), help="files of funding rates (ts, rate, mark), EXCHANGE_SYMBOL_funding")
    hashes = Param[dict[str, str]]({}, help="SHA-256 that each file must have, by path")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        _check_hashes(self.hashes)
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ConfigError(f"replay: end {iso(self.end)} must be later than start {iso(self.start)}")
        self._asked = {"symbols": list(self.symbols), "timeframe": self.timeframe}
        found = resolve(self.sources, self.symbols, self.timeframe)
        self._sources = [list(sources) for _, sources in groupby(found, key=lambda source: source.symbol)]
        self.symbols = tuple(sources[0].symbol for sources in self._sources)
        self.timeframe = one_timeframe(found)
        self._rates = Rates(self.funding, self.symbols)
        self.funded = self._rates.symbols
        self._from = EARLIEST if self.start is None else self.start
        self.warmed = self.warmup
        try:
            if self.warmup and self.start is not None:
                self._from, self.warmed = self._look_back(self.warmup, self.start)
            times = next(self._batches(self._from), (NOTHING.ts,))[0]
        except BadRow as error:
            raise CandleFileError(str(error)) from None
        if not len(times):
            raise RequestError(self._nothing())
        self._first = int(times[0])

    def describe(self) -> Mapping[str, Any]:
        """`files`: what was read, with SHA-256. `params`: what makes the same feed again, or notices a change."""
        return {
            "files": [
                {"path": str(source.path), "sha256": self._hashes[str(source.path)], "symbol": source.symbol,
                 "timeframe": source.timeframe}
                for sources in self._sources for source in sources
            ],
            "params": {
                "sources": list(self._hashes), **self._asked, "start": self.start, "end": self.end,
                "warmup": self.warmup, "on_bad_row": self.on_bad_row, "hashes": {**self._hashes, **self._rates.hashes},
                **({"funding": list(self._rates.hashes)} if self._rates.hashes else {}),
            },
        }  # fmt: skip

    def total(self) -> int | None:
        """As many batches as the longest symbol has rows, or as fit between start and end; an estimate."""
        counts = [[count_rows(source.path) for source in sources] for sources in self._sources]
        rows = None if any(None in parts for parts in counts) else max(sum(filter(None, parts)) for parts in counts)
        if self.end is not None:
            fitting = -((self._first - self.end) // period(self.timeframe))
            return fitting if rows is None else min(fitting, rows)
        return rows if self.start is None else None

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """Batches from number `start` on. The first block brings all notes from batch 0 on."""
        step = period(self.timeframe)
        size = max(BLOCK // len(self.symbols), 128)
        number, notes = 0, list[Note]()
        closed: int | None = None
        held: Block | None = None  # notes on rows after the last batch go with the last batch
        try:
            for times, pieces, noted in self._batches(self._from):
                notes += noted
                first = max(0, start - number)
                number += len(times)
                if closed is None:
                    closed = int(times[0])
                if first:
                    closed = int(times[min(first, len(times)) - 1]) + step
                if first >= len(times):
                    continue
                for at in range(first, len(times), size):
                    opens = times[at : at + size]
                    parts = [piece.part(piece.before(opens[0]), piece.until(opens[-1])) for piece in pieces]
                    rows = list(zip(*(_slots(part, opens) for part in parts), strict=True))
                    if held is not None:
                        yield held
                    closes = (opens + step).tolist()
                    held = Block(closes, rows, combine(notes), self._rates.between(closed, closes))
                    closed = closes[-1]
                    notes = []
        except BadRow:
            if held is not None:
                yield held
            raise
        if held is not None:
            yield replace(held, notes=combine([*held.notes, *notes]))

    def _batches(
        self, start: int, end: int | None = None, skip: bool = False
    ) -> Iterator[tuple[Ints, list[Rows], list[Note]]]:
        """Open times of the next batches, each symbol's candles among them, and notes."""
        end = self.end if end is None else end
        scope = Scope("", "", start, LATEST if end is None else end, skip or self.on_bad_row == "skip")
        notes: list[Note] = []
        for pieces, noted in rounds([symbol_candles(sources, scope) for sources in self._sources]):
            notes += noted
            filled = [piece.ts for piece in pieces if len(piece.ts)]
            if not filled:
                continue
            same = all(len(ts) == len(filled[0]) and (ts == filled[0]).all() for ts in filled[1:])
            yield filled[0] if same else np.unique(np.concatenate(filled)), pieces, notes
            notes = []
        if notes:
            yield NOTHING.ts, [NOTHING] * len(self.symbols), notes

    def _look_back(self, count: int, start: int) -> tuple[int, int]:
        """Open time of the first of the last `count` batches before `start`, and how many there are."""
        latest = NOTHING.ts
        for times, *_ in self._batches(EARLIEST, start, skip=True):
            latest = np.concatenate([latest, times])[-count:]
        return (int(latest[0]) if len(latest) else start), len(latest)

    def _nothing(self) -> str:
        span = [f"from {iso(self.start)}"] if self.start is not None else []
        span += [f"before {iso(self.end)}"] if self.end is not None else []
        first = next(iter(read_columns(self._sources[0][0].path))).ts[0]
        return f"no candle of {', '.join(self.symbols)} opens {' '.join(span)}; the files begin at {iso(int(first))}"

    @cached_property
    def _hashes(self) -> dict[str, str]:
        """SHA-256 by path, of the files used, in the order in which they were named."""
        used = {source.path for sources in self._sources for source in sources}
        named = dict.fromkeys(file for path in self.sources for file in candle_files(Path(path)))
        return {str(file): sha256(file) for file in named if file in used}


def _slots(piece: Rows, times: Ints) -> list[Row | None]:
    """A symbol's part of each of the batches that open at `times`."""
    usual = int(CandleFlag.FILE)
    flags = repeat(usual) if (piece.flags == usual).all() else piece.flags.tolist()
    columns = (column.tolist() for column in piece[:-1])
    rows = zip(*columns, flags)  # noqa: B905  # `repeat` has no end
    if len(piece.ts) == len(times):
        return list(rows)
    slots: list[Row | None] = [None] * len(times)
    for slot, row in zip(np.searchsorted(times, piece.ts).tolist(), rows, strict=True):
        slots[slot] = row
    return slots


def _check_hashes(hashes: Mapping[str, str]) -> None:
    for path, expected in hashes.items():
        file = Path(path)
        if not file.is_file():
            raise TapeSourceChanged(f"{path} is gone, but the session was recorded from it; put it back")
        found = sha256(file)
        if found != expected:
            raise TapeSourceChanged(
                f"{path} has the SHA-256 {found[:12]}..., but the session was recorded from {expected[:12]}...; "
                "put that file back"
            )
