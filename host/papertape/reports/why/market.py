"""The candle and what it is worth, the events around it, and the models that answered at it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from papertape.contract.candle import FLAGS, TS, CandleFlag, Row
from papertape.contract.feed import Event
from papertape.engine.models import Asked
from papertape.engine.serving import Served
from papertape.ledger.records import NoteRow, PredictionRow
from papertape.ledger.store import Ledger
from papertape.market.timeframe import iso
from papertape.reports.live_feed import in_words
from papertape.reports.why.chain import CandleLink, DataNote, ModelLink

SOURCES: Mapping[CandleFlag, str] = {
    CandleFlag.SIMULATED: "simulated",
    CandleFlag.FILE: "file",
    CandleFlag.REST: "REST",
    CandleFlag.STREAM: "stream",
}
DEFECTS: Mapping[CandleFlag, str] = {
    CandleFlag.REPAIRED: "repaired",
    CandleFlag.OUTLIER: "outlier",
    CandleFlag.INCOMPLETE: "incomplete",
}


def candle_link(
    row: Row | None,
    last: Row | None,
    now: int,
    period: int,
    arrived: int | None,
    stale: bool,
    notes: tuple[DataNote, ...],
    events: tuple[str, ...],
) -> CandleLink:
    """`row`: the symbol's candle in the batch that closes at `now`, `last`: its newest one, this batch included."""
    shown = row or last
    if shown is None:
        return CandleLink(False, *(None,) * 6, (), (), 0, arrived, stale, notes, events)
    flags = CandleFlag(shown[FLAGS])
    return CandleLink(
        row is not None,
        *shown[:6],
        tuple(word for flag, word in SOURCES.items() if flag in flags),
        tuple(word for flag, word in DEFECTS.items() if flag in flags),
        now - shown[TS] - period,
        arrived,
        stale,
        notes,
        events,
    )


def data_notes(ledger: Ledger, session: str, symbol: str, opened: int) -> tuple[DataNote, ...]:
    """What was noted of the symbol's data over time spans that hold a candle's open."""
    return tuple(
        DataNote(row.source, row.kind, row.count, row.first_ts, row.last_ts, row.example)
        for row in ledger.rows(session, NoteRow)
        if row.symbol == symbol and row.first_ts <= opened <= row.last_ts
    )


def feed_words(events: Iterable[Event], symbol: str) -> tuple[str, ...]:
    """What a feed said of a symbol, in words."""
    return tuple(words for event in events if event.get("symbol") == symbol and (words := in_words(event)) is not None)


def session_words(commands: Iterable[tuple[int, Mapping[str, Any]]], events: Iterable[Event]) -> tuple[str, ...]:
    """What stood on the tape for all symbols: an operator's commands, models, the feed muting, in words."""
    return (
        *(_command(at, command) for at, command in commands),
        *(words for event in events if "symbol" not in event and (words := in_words(event)) is not None),
    )


def _command(at: int, command: Mapping[str, Any]) -> str:
    if "reference" in command:
        if "failed" in command:
            return f"model {command['reference']}: another version could not be taken: {command['failed']}"
        return f"model {command['reference']}: {command['name']}@{command['version']} answers from here on"
    if "instrument" in command:
        return f"the rules of {command['instrument']['symbol']} changed"
    what = " ".join(str(command[key]) for key in ("command", "plugin", "book") if command.get(key))
    why = f" ({command['reason']})" if command.get("reason") else ""
    return f"the operator said {what} at {iso(at)}{why}"


def model_links(
    asked: Asked, asking: Collection[str], batch: int, slot: int, symbol: str, recorded: Iterable[PredictionRow]
) -> tuple[ModelLink, ...]:
    """Which versions answered, and what they said of a symbol. `asking`: the components
    whose models count, `recorded`: the ledger's predictions of the batch."""
    kept = {row.reference: f"{row.name}@{row.version}" for row in recorded if row.symbol == symbol}
    found = []
    for reference, one in asked.served.items():
        by = tuple(name for name in asked.by[reference] if name in asking)
        if not by:
            continue
        said: dict[str, float] = {}
        if one.batch == batch and slot in one.said and not one.said[slot][1]:
            said = dict(zip(one.loaded.outputs, np.frombuffer(one.said[slot][0]).tolist(), strict=True))
        pin = one.loaded.pin
        found.append(
            ModelLink(reference, pin.name, pin.version, pin.checksum, by, _read(one, slot), said, kept.get(reference))
        )
    return tuple(found)


def _read(one: Served, slot: int) -> Mapping[str, float | None]:
    """The features that a model reads of a symbol, those of its newest candle where it reads several."""
    if one.inputs is None:
        return {}
    values = np.frombuffer(one.inputs.row(slot))[-len(one.loaded.features) :].tolist()
    return {name: None if value != value else value for name, value in zip(one.loaded.features, values, strict=True)}
