"""A session's tape as a feed: what folds a live one again, and what replays any under other strategies."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from heapq import merge
from operator import attrgetter, itemgetter
from typing import Any

from papertape.contract.candle import FLAGS, TS, CandleFlag, Row
from papertape.contract.errors import ConfigError, TapeSourceChanged
from papertape.contract.feed import Block, Event, Feed
from papertape.engine.tape import BATCH, FEED, HEADER, MODEL, Header, overlay, read_header
from papertape.ledger.finding import first_entry
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger

RECORDED = "recorded"
"""What a configuration calls a feed that is another session's tape."""
RECENT = 60
"""Batches before a resume whose candles the exchange may still amend."""
SIZE = 512
"""Batches of a block."""


class RecordedFeed(Feed):
    """The batches and the feed's events on the tape of a live session; `batches` of them, None for all there are.

    `kinds`: of its entries; with those of models, other strategies meet the versions that answered then.
    """

    def __init__(
        self,
        ledger: Ledger,
        session: str,
        header: Header,
        batches: int | None = None,
        kinds: tuple[str, ...] = (FEED, BATCH),
    ) -> None:
        super().__init__()
        self.ledger = ledger
        self.session = session
        self.symbols = header.symbols
        self.timeframe = header.timeframe
        self.instruments = header.instruments
        self.warmed = header.warmed
        self.batches = batches
        self.kinds = kinds

    def describe(self) -> Mapping[str, Any]:
        """`params`: the session, how many of its batches, and the SHA-256 over what they hold."""
        return {"params": {"session": self.session, "batches": self.batches, "sha256": _hash(self._entries(0))}}

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
            if entry.kind != BATCH:
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
        """In the order in which the session met them: what comes in one block is on the tape before any of it is
        stepped, so a version that was picked up inside it stands behind all of it."""
        parts = [[kind for kind in self.kinds if (kind == MODEL) is model] for model in (True, False)]
        number = first_entry(self.ledger, self.session, start) if start else 0  # so that none before is looked at
        found = [
            self.ledger.rows(self.session, TapeRow, from_batch=start, from_number=number, of_kinds=part)
            for part in parts
        ]
        for entry in merge(*found, key=attrgetter("batch")):
            if self.batches is not None and entry.batch >= self.batches:
                return
            yield entry


class RetoldFeed(Feed):
    """The batches of a session whose feed gives them again, and the versions of models that were picked up between
    them: `batches` of them."""

    def __init__(self, feed: Feed, ledger: Ledger, session: str, batches: int) -> None:
        super().__init__()
        self.feed = feed
        self.session = session
        self.batches = batches
        self.symbols, self.timeframe = feed.symbols, feed.timeframe
        self.instruments, self.warmed, self.funded = feed.instruments, feed.warmed, feed.funded
        self._changes = [row for row in ledger.rows(session, TapeRow, of_kinds=(MODEL,)) if row.batch < batches]

    def describe(self) -> Mapping[str, Any]:
        """As `RecordedFeed.describe`; the hash is over the versions, and `source` is what the feed says of itself."""
        params = {"session": self.session, "batches": self.batches, "sha256": _hash(self._changes)}
        return {"params": params, "source": dict(self.feed.describe())}

    def total(self) -> int | None:
        """`batches`."""
        return self.batches

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """As the feed has them, each change before what else comes before its batch."""
        for block in self.feed.blocks(start):
            count = min(len(block.times), self.batches - start)
            if count <= 0:
                return
            events = [(row.batch - start, json.loads(row.payload)) for row in self._changes]
            events = [(place, event) for place, event in (*events, *block.events) if 0 <= place < count]
            yield replace(
                block,
                times=block.times[:count],
                rows=block.rows[:count],
                events=tuple(sorted(events, key=itemgetter(0))),
            )
            start += count

    def close(self) -> None:
        self.feed.close()


def replayed(ledger: Ledger, params: Mapping[str, Any], again: Callable[[Header], Feed] | None = None) -> Feed:
    """A session's tape as the feed of another. `params`: `session`; in a description also `batches` and `sha256`.
    `again`: makes the feed of one whose tape does not hold the candles.

    Raises `ConfigError` for another parameter and, without `again`, for a session that needs it, and
    `TapeSourceChanged` where the tape is not the one that was described.
    """
    for name in params:
        if name not in ("session", "batches", "sha256"):
            raise ConfigError(f"a recorded session is replayed as it was: {name} cannot be given with --session")
    row = ledger.find(str(params["session"]))
    header = read_header(overlay(ledger, row.id))
    if not header.live and again is None:
        raise ConfigError(f"session {row.id} has no candles on its tape; replay what it replayed")
    batches = params.get("batches")
    if batches is None:
        batches = row.snapshots + header.warmed
    feed: Feed
    if again is None or header.live:
        feed = RecordedFeed(ledger, row.id, header, batches, (FEED, BATCH, MODEL))
    else:
        feed = RetoldFeed(again(header), ledger, row.id, batches)
    said = params.get("sha256")
    if said is not None and said != feed.describe()["params"]["sha256"]:
        raise TapeSourceChanged(f"the tape of session {row.id} is not what it was when it was replayed")
    return feed


def entries_of_models(ledger: Ledger, session: str) -> list[TapeRow]:
    """The header of a session's tape, and all that the session was told of its models, in order: by its own tape, and
    by the one that it replays."""
    rows = list(ledger.rows(session, TapeRow, of_kinds=(HEADER, MODEL)))
    header = read_header(rows[:1]) if rows else None
    if header is None or header.config.feed.kind != RECORDED:
        return rows
    params = header.feed["params"]
    met = [
        row
        for row in entries_of_models(ledger, params["session"])[1:]
        if row.batch < params["batches"] and json.loads(row.payload)["reference"] in header.models
    ]
    return list(merge(rows, met, key=attrgetter("batch")))


def _hash(entries: Iterable[TapeRow]) -> str:
    digest = sha256()
    for entry in entries:
        digest.update(f"{entry.batch} {entry.at} {entry.kind} {entry.payload}\n".encode())
    return digest.hexdigest()


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
