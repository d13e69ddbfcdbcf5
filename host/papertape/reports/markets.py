"""Two tapes compared: the candles that stand on them, and what came between these."""

import json
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import zip_longest
from operator import attrgetter
from typing import Any, NamedTuple

from papertape.contract.candle import Candle, CandleFlag
from papertape.engine.divergence import Unequal, unequal
from papertape.engine.tape import BATCH, COMMAND, FEED
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger
from papertape.reports.circumstances import Held
from papertape.reports.differing import Difference, Names, of_lack, of_values
from papertape.reports.lockstep import lockstep

PROVENANCE = CandleFlag.SIMULATED | CandleFlag.FILE | CandleFlag.REST | CandleFlag.STREAM
"""Flags that say which way a candle came. They are not compared: the same candle may come on another one."""

SHOWN = 300
"""How much of an event is told, in characters: one may hold thousands of candles."""


class Tapes(NamedTuple):
    """`difference`: the first one; `batches`: how many have equal candles before it, None where not both have any."""

    difference: Difference | None
    batches: int | None


class Tape(NamedTuple):
    """A session's tape besides its candles, and where its candles are on a tape."""

    overlay: Sequence[TapeRow]
    held: Held | None


def compare_tapes(ledger: Ledger, names: Names, a: Tape, b: Tape, last: int) -> Tapes:
    """Goes over both tapes up to batch `last`. Of two sessions on one tape only the commands need to be looked at."""
    both = a.held is not None and b.held is not None
    apart = both and a.held != b.held
    batches = 0
    for batch, ours, theirs in lockstep(_entries(ledger, a, apart, last), _entries(ledger, b, apart, last)):
        candles = [next((row for row in rows if row.kind == BATCH), None) for rows in (ours, theirs)]
        events = [[row for row in rows if row.kind != BATCH] for rows in (ours, theirs)]
        found = _events(names, batch, *events) or _candles(names, batch, *candles)
        if found is not None:
            return Tapes(found, batches if apart else batch if both else None)
        batches += candles[0] is not None
    return Tapes(None, batches if apart else last + 1 if both else None)


def _entries(ledger: Ledger, tape: Tape, candles: bool, last: int) -> Iterator[TapeRow]:
    told: Iterator[TapeRow] = (row for row in tape.overlay if row.kind == COMMAND)
    if candles and tape.held is not None:
        told = merge(told, _held(ledger, tape.held), key=attrgetter("batch"))
    for row in told:
        if row.batch > last:
            return
        yield row


def _held(ledger: Ledger, held: Held) -> Iterator[TapeRow]:
    for row in ledger.rows(held.session, TapeRow, of_kinds=(FEED, BATCH)):
        if held.batches is not None and row.batch >= held.batches:
            return
        yield row


def _events(names: Names, batch: int, ours: list[TapeRow], theirs: list[TapeRow]) -> Difference | None:
    for a, b in zip_longest(ours, theirs):
        if a is None or b is None or a.payload != b.payload:
            at = (a or b).at
            return of_lack(names, batch, at, "event", None, _event(a), _event(b))
    return None


def _event(row: TapeRow | None) -> str:
    return "no other event" if row is None else f"{row.kind} {row.payload[:SHOWN]}"


def _candles(names: Names, batch: int, a: TapeRow | None, b: TapeRow | None) -> Difference | None:
    one = a or b
    if one is None:
        return None
    if a is None or b is None:
        has = ["candles" if row is not None else "no candles" for row in (a, b)]
        return of_lack(names, batch, one.at, "candle", None, *has)
    if a.at != b.at:
        return of_values(names, batch, a.at, "candle", None, "candles", Unequal("at", a.at, b.at))
    ours, theirs = json.loads(a.payload)["rows"], json.loads(b.payload)["rows"]
    for symbol in dict.fromkeys([*ours, *theirs]):
        found = _unequal(_candle(ours.get(symbol)), _candle(theirs.get(symbol)))
        if found is not None:
            return of_values(names, batch, a.at, "candle", symbol, f"candle of {symbol}", found)
    return None


def _candle(row: Sequence[Any] | None) -> Candle | None:
    return None if row is None else Candle._make(row)


def _unequal(a: Candle | None, b: Candle | None) -> Unequal | None:
    if a is None or b is None:
        return None if a is b else Unequal("close", a and a.close, b and b.close)
    return unequal(_without_provenance(a), _without_provenance(b))


def _without_provenance(candle: Candle) -> Candle:
    return candle._replace(flags=candle.flags & ~int(PROVENANCE))
