"""The tape: the header that a session opens with, and the events that came between its batches."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from papertape import __version__
from papertape.broker.money import plain
from papertape.contract.errors import SessionDiffers
from papertape.contract.feed import Feed
from papertape.contract.instrument import Instrument
from papertape.engine.build import Built
from papertape.engine.config import SessionConfig, read_config
from papertape.ledger.records import TapeRow

HEADER, COMMAND, CODE, SOURCE = "header", "command", "code", "source"


@dataclass(frozen=True, slots=True)
class Header:
    """What opens a tape: the resolved configuration, the feed, and the code of every part by name."""

    config: SessionConfig
    feed: Mapping[str, Any]
    code: Mapping[str, Mapping[str, str | None]]


def header_row(config: SessionConfig, feed: Feed, built: Built) -> TapeRow:
    """Entry 0 of a new session's tape."""
    document = {
        "papertape": __version__,
        "config": config.document(),
        "feed": dict(feed.describe()),
        "symbols": list(feed.symbols),
        "timeframe": feed.timeframe,
        "instruments": [_instrument(instrument) for instrument in built.instruments],
        "code": built.code,
    }
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
    feed, code = newest.get(SOURCE, document["feed"]), newest.get(CODE, document["code"])
    return Header(read_config(document["config"]), feed, code)


def codes(rows: Sequence[TapeRow]) -> list[Mapping[str, Mapping[str, str | None]]]:
    """The code of every part by name, as the header has it and as it was after each change."""
    return [json.loads(rows[0].payload)["code"], *(json.loads(row.payload) for row in rows if row.kind == CODE)]


def commands_by_batch(rows: Iterable[TapeRow]) -> dict[int, list[tuple[int, dict[str, Any]]]]:
    """The operator's commands as (time, command), by the number of the batch before which they stand."""
    found: dict[int, list[tuple[int, dict[str, Any]]]] = {}
    for row in rows:
        if row.kind == COMMAND:
            found.setdefault(row.batch, []).append((row.at, json.loads(row.payload)))
    return found


def canonical(document: object) -> str:
    """JSON with sorted keys and no spaces, so that equal values are equal texts; ASCII, which every database keeps."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _instrument(instrument: Instrument) -> dict[str, object]:
    values = {field.name: getattr(instrument, field.name) for field in fields(instrument)}
    return {name: value if isinstance(value, (str, bool)) else plain(value) for name, value in values.items()}
