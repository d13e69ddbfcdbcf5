"""The tape: the header that a session opens with, and the events that came between its batches."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from operator import itemgetter
from typing import Any

from papertape import __version__
from papertape.broker.money import plain
from papertape.contract.errors import SessionDiffers
from papertape.contract.feed import Block, Feed, LiveFeed
from papertape.contract.instrument import Instrument
from papertape.engine.build import Built
from papertape.engine.config import SessionConfig, read_config
from papertape.engine.delays import LATENCY
from papertape.engine.models import Pinned, pins_of
from papertape.engine.versions import pin_document
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger
from papertape.market.instruments import read_instrument

HEADER, COMMAND, CODE, SOURCE, INSTRUMENT = "header", "command", "code", "source", "instrument"
MODEL = "model"
"""A version that answers to a reference from the next batch on, or one that could not be taken, and why."""
PACE = "pace"
"""A change of pace, or a step of a session that is held: for those who look on, a fold does not read it."""
FEED, BATCH = "feed", "batch"
"""What only a live session's tape holds: its feed's events, and its candles."""
OVERLAY = (HEADER, COMMAND, CODE, SOURCE, INSTRUMENT, MODEL, LATENCY)
"""What a tape holds besides its feed."""


@dataclass(frozen=True, slots=True)
class Header:
    """What opens a tape: the resolved configuration, the feed, and the code of every part by name.

    `live`: whether the candles are on the tape itself. `symbols`, `timeframe`, `warmed`, `instruments`: as the feed had
    them at the start. `models`: what references meant at the start, `fingerprint`: what the bits of their
    predictions depended on besides.
    """

    config: SessionConfig
    feed: Mapping[str, Any]
    code: Mapping[str, Mapping[str, str | None]]
    live: bool
    symbols: tuple[str, ...]
    timeframe: str
    warmed: int
    instruments: Mapping[str, Instrument]
    models: Mapping[str, Pinned] = field(default_factory=dict)
    fingerprint: Mapping[str, Any] = field(default_factory=dict)


def header_row(config: SessionConfig, feed: Feed, built: Built) -> TapeRow:
    """Entry 0 of a new session's tape."""
    document = {
        "papertape": __version__,
        "config": config.document(),
        "feed": dict(feed.describe()),
        "live": isinstance(feed, LiveFeed),
        "warmed": feed.warmed,
        "symbols": list(feed.symbols),
        "timeframe": feed.timeframe,
        "instruments": [instrument_document(instrument) for instrument in built.instruments],
        "code": built.code,
    }
    if built.asked.served:
        document["models"] = {
            reference: {
                **pin_document(served.loaded),
                "by": built.asked.by[reference],
                **({} if served.before is None else {"previous": pin_document(served.before)}),
            }
            for reference, served in built.asked.served.items()
        }
        document["fingerprint"] = built.asked.models.fingerprint()
    return TapeRow(0, -1, 0, HEADER, canonical(document))


def read_header(rows: Sequence[TapeRow]) -> Header:
    """What a tape's header says, with what later entries put in its place: the code, and a source that was mended.

    Raises `SessionDiffers` if entry 0 is no header.
    """
    if not rows or rows[0].kind != HEADER:
        found = rows[0].kind if rows else "nothing"
        raise SessionDiffers(f"the tape opens with {found!r}: its header is missing, so it cannot be folded")
    document = json.loads(rows[0].payload)
    newest = {row.kind: json.loads(row.payload) for row in rows if row.kind in (CODE, SOURCE)}
    return Header(
        read_config(document["config"]),
        newest.get(SOURCE, document["feed"]),
        newest.get(CODE, document["code"]),
        document["live"],
        tuple(document["symbols"]),
        document["timeframe"],
        document["warmed"],
        {found["symbol"]: read_instrument(found) for found in document["instruments"]},
        pins_of(document.get("models", {})),
        document.get("fingerprint", {}),
    )


def overlay(ledger: Ledger, session: str) -> list[TapeRow]:
    """The entries of a session's tape besides its candles."""
    return list(ledger.rows(session, TapeRow, of_kinds=OVERLAY))


def last_pace(ledger: Ledger, session: str) -> str:
    """The pace that a session's tape last says, as `read_pace` reads it: full where it says nothing."""
    said = [json.loads(row.payload) for row in ledger.rows(session, TapeRow, of_kinds=(PACE,))]
    return next((str(one["pace"]) for one in reversed(said) if one["command"] == "pace"), "max")


def block_rows(block: Block, symbols: Sequence[str], batch: int) -> list[TapeRow]:
    """A live feed's block as entries, not numbered yet; its first batch is number `batch`."""
    events = sorted(block.events, key=itemgetter(0))  # stable: those before one batch stay in their order
    entries: list[TapeRow] = []
    for offset, (time, rows) in enumerate(zip(block.times, block.rows, strict=True)):
        while events and events[0][0] <= offset:
            entries.append(TapeRow(0, batch + offset, time, FEED, canonical(events.pop(0)[1])))
        seen = {symbol: row for symbol, row in zip(symbols, rows, strict=True) if row is not None}
        entries.append(TapeRow(0, batch + offset, time, BATCH, canonical({"arrived": block.arrived, "rows": seen})))
    return entries


def numbered(rows: Iterable[TapeRow], first: int) -> list[TapeRow]:
    """The entries with their places on the tape, from number `first` on."""
    return [row._replace(number=first + offset) for offset, row in enumerate(rows)]


def codes(rows: Sequence[TapeRow]) -> list[Mapping[str, Mapping[str, str | None]]]:
    """The code of every part by name, as the header has it and as it was after each change."""
    return [json.loads(rows[0].payload)["code"], *(json.loads(row.payload) for row in rows if row.kind == CODE)]


def fingerprints(rows: Sequence[TapeRow]) -> list[Mapping[str, Any]]:
    """What the bits of predictions depended on, at the start and whenever a model was picked up; of a session without
    models, nothing."""
    found = [json.loads(row.payload).get("fingerprint") for row in rows if row.kind in (HEADER, MODEL)]
    return [each for each in found if each is not None]


def events_by_batch(rows: Iterable[TapeRow]) -> dict[int, list[tuple[int, dict[str, Any]]]]:
    """The operator's commands and changes of instruments and models as (time, event), by the number of the batch before
    which they stand."""
    found: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for row in rows:
        if row.kind in (COMMAND, INSTRUMENT, MODEL):
            found.setdefault(row.batch, []).append((row.at, json.loads(row.payload)))
    return found


def canonical(document: object) -> str:
    """JSON with sorted keys and no spaces, so that equal values are equal texts; ASCII, which every database keeps."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def instrument_document(instrument: Instrument) -> dict[str, object]:
    """An instrument as JSON values, which `read_instrument` reads."""
    return {field.name: _shown(getattr(instrument, field.name)) for field in fields(instrument)}


def _shown(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return [_shown(item) for item in value] if isinstance(value, tuple) else value
