"""A live session's candles, read from its tape: what folds it again, and what replays it under other strategies."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from papertape.contract.candle import FLAGS, TS, CandleFlag, Row
from papertape.contract.errors import ConfigError, TapeSourceChanged
from papertape.contract.feed import Block, Event, Feed
from papertape.engine.tape import BATCH, FEED, Header, overlay, read_header
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger

RECORDED = "recorded"
"""What a configuration calls a feed that is another session's tape."""
RECENT = 60
"""Batches before a resume whose candles the exchange may still amend."""
SIZE = 512
"""Batches of a block."""


class RecordedFeed(Feed):
    """The batches and the feed's events on the tape of a live session; `batches` of them, None for all there are."""

    def __init__(self, ledger: Ledger, session: str, header: Header, batches: int | None = None) -> None:
        super().__init__()
        self.ledger = ledger
        self.session = session
        self.symbols = header.symbols
        self.timeframe = header.timeframe
        self.instruments = header.instruments
        self.warmed = header.warmed
        self.batches = batches

    def describe(self) -> Mapping[str, Any]:
        """`params`: the session, how many of its batches, and the SHA-256 over what they hold."""
        return {"params": {"session": self.session, "batches": self.batches, "sha256": self._hash()}}

    def total(self) -> int | None:
        """`batches`."""
        return self.batches

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """Batches from number `start` on, with the feed's events before each."""
        times: list[int] = []
        rows: list[tuple[Row | None, ...]] = []
        events: list[tuple[int, Event]] = []
        for entry in self._entries(start):
            document = json.loads(entry.payload)
            if entry.kind == FEED:
                events.append((len(times), document))
                continue
            seen = document["rows"]
            times.append(entry.at)
            rows.append(tuple(tuple(seen[symbol]) if symbol in seen else None for symbol in self.symbols))
            if len(times) == SIZE:
                yield Block(times, rows, (), tuple(events))
                times, rows, events = [], [], []
        if times:
            yield Block(times, rows, (), tuple(events))

    def _entries(self, start: int) -> Iterator[TapeRow]:
        for entry in self.ledger.rows(self.session, TapeRow, from_batch=start, of_kinds=(FEED, BATCH)):
            if self.batches is not None and entry.batch >= self.batches:
                return
            yield entry

    def _hash(self) -> str:
        digest = sha256()
        for entry in self._entries(0):
            digest.update(f"{entry.batch} {entry.at} {entry.kind} {entry.payload}\n".encode())
        return digest.hexdigest()


def replayed(ledger: Ledger, params: Mapping[str, Any]) -> RecordedFeed:
    """The tape of a live session as the feed of another. `params`: `session`; in a description also `batches` and
    `sha256`. Raises `ConfigError` for a session that has no candles on its tape or for another parameter, and
    `TapeSourceChanged` where the tape is not the one that was described."""
    for name in params:
        if name not in ("session", "batches", "sha256"):
            raise ConfigError(f"a recorded session is replayed as it was: {name} cannot be given with --session")
    row = ledger.find(str(params["session"]))
    header = read_header(overlay(ledger, row.id))
    if not header.live:
        raise ConfigError(f"session {row.id} has no candles on its tape; replay what it replayed")
    batches = params.get("batches")
    if batches is None:
        batches = row.snapshots + header.warmed
    feed = RecordedFeed(ledger, row.id, header, batches)
    said = params.get("sha256")
    if said is not None and said != feed.describe()["params"]["sha256"]:
        raise TapeSourceChanged(f"the tape of session {row.id} is not what it was when it was replayed")
    return feed


def recent_candles(ledger: Ledger, session: str, batch: int) -> dict[str, list[Row]]:
    """The candles of the last batches up to number `batch` on a live session's tape, by symbol, oldest first; those
    that were mended are left out, since the exchange never gave them so."""
    found: dict[str, dict[int, Row]] = {}
    for entry in ledger.rows(session, TapeRow, from_batch=max(0, batch + 1 - RECENT), of_kinds=(FEED, BATCH)):
        document = json.loads(entry.payload)
        seen = document["rows"] if entry.kind == BATCH else {}
        if entry.kind == FEED and document.get("feed") in ("late", "amended"):
            seen = {document["symbol"]: document["row"]}
        for symbol, row in seen.items():
            found.setdefault(symbol, {})[row[TS]] = tuple(row)
    usual = ~int(CandleFlag.REPAIRED)
    return {
        symbol: [row for ts, row in sorted(rows.items()) if row[FLAGS] & usual == row[FLAGS]]
        for symbol, rows in found.items()
    }
