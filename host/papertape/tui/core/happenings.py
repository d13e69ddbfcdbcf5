"""The event log: what happened to plugins, feed and tape, and what was filled, in sentences."""

import json
from collections.abc import Iterable
from functools import lru_cache
from heapq import merge
from typing import Any, Literal

from papertape.engine.tape import CODE, COMMAND, FEED, INSTRUMENT, SOURCE
from papertape.ledger.records import FillRow, PluginEventRow, TapeRow
from papertape.reports.live_feed import in_words
from papertape.tui.core import commands
from papertape.tui.core.text import number
from papertape.tui.core.views import Happening

TOLD = (COMMAND, CODE, SOURCE, INSTRUMENT, FEED)
"""Kinds of tape entries that are looked at."""

_LEVELS: dict[str, Literal["info", "good", "warning", "error"]] = {
    "error": "error",
    "quarantined": "error",
    "disabled": "warning",
    "enabled": "good",
    "block": "warning",
    "reduce": "warning",
    "flatten": "warning",
    "lifted": "good",
    "state-not-kept": "warning",
    "rebuilt": "info",
    "changed": "warning",
    "muted": "error",
    "stale": "warning",
    "late": "warning",
    "amended": "warning",
    "unmuted": "good",
    "whole": "good",
}


def happenings(
    fills: Iterable[FillRow], plugin_events: Iterable[PluginEventRow], tape: Iterable[TapeRow], most: int
) -> tuple[Happening, ...]:
    """The newest `most` lines, oldest first; each source is in order of time already."""
    lines = merge(
        (_fill(fill) for fill in fills),
        (Happening(one.at, _LEVELS.get(one.kind, "info"), one.plugin, _said(one)) for one in plugin_events),
        (line for row in tape if (line := _taped(row)) is not None),
        key=lambda line: line.at,
    )
    return tuple(lines)[-most:]


def of_book(lines: Iterable[Happening], book: str | None) -> list[Happening]:
    """The lines that are about one book, its rules and its sizer, or all of them.

    >>> [line.who for line in of_book([Happening(0, "info", who, "") for who in ("a", "a/daily-loss", "a-2")], "a")]
    ['a', 'a/daily-loss']
    """
    return [line for line in lines if book in (None, line.who.partition("/")[0])]


@lru_cache(maxsize=1_024)  # one that is among the newest is told at every look
def _fill(fill: FillRow) -> Happening:
    came = "" if fill.profit is None else f" {fill.profit:+,.2f}"
    note = f" ({fill.note})" if fill.note else ""
    words = f"{fill.side} {fill.symbol}{came}: {number(fill.quantity)} @ {fill.price:,f}, {fill.role}{note}"
    if fill.profit is None:
        return Happening(fill.at, "info", fill.book, words, fill.seq)
    return Happening(fill.at, "gain" if fill.profit > 0 else "loss", fill.book, words, fill.seq)


def _said(event: PluginEventRow) -> str:
    return f"{event.kind}: {event.message}"


def _taped(row: TapeRow) -> Happening | None:
    document: dict[str, Any] = json.loads(row.payload)
    if row.kind == COMMAND:
        return Happening(row.at, "info", "operator", f"{commands.words(document)} took effect")
    if row.kind == FEED:
        words = in_words(document)
        level = _LEVELS.get(str(document.get("feed")), "info")
        return None if words is None else Happening(row.at, level, "feed", words)
    told = {CODE: "went on with other code", SOURCE: "a source was mended", INSTRUMENT: "an instrument has new rules"}
    return Happening(row.at, "warning", "host", told[row.kind])
