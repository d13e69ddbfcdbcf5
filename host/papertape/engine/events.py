"""What stands on the tape between two batches, and what a session makes of it."""

from collections.abc import Iterable, Mapping
from typing import Final

from papertape.broker.meeting import meet
from papertape.contract.candle import TS, Row
from papertape.contract.errors import ConfigError
from papertape.contract.feed import Event
from papertape.contract.series import SeriesRecord
from papertape.engine.mark_candles import take_mark
from papertape.engine.seat import FusionSeat
from papertape.engine.session import Session
from papertape.market.instruments import read_instrument

SWITCHED: Final[Mapping[str, str]] = {"disable": "disabled", "enable": "enabled", "restart": "restarted"}
"""Commands about one plugin, and what each comes to."""


def apply(session: Session, at: int, event: Event) -> None:
    """Has the session take in what stands on the tape between two batches; `at`: its time, ms UTC.

    An operator's command, `{"command": "pause" | "resume" | "flatten" | "disable" | "enable" | "restart", "book": ...,
    "plugin": ...}`, or what a feed brings: `{"funding": SYMBOL, "ts": ms, "rate": "decimal", "mark": "decimal"}`, a
    mark candle before the batch that closes with it, `{"mark": SYMBOL, "ts": its open, "open": ..., "high": ...,
    "low": ..., "close": ...}`, a record of a series, `{"external": NAME, "valid": ms, "available": ms, "value": ...}`,
    and the events of `LiveFeed`; or `{"instrument": {...}}`, whose rules have changed; or `{"reference": MODEL,
    "name": ..., "version": ..., "checksum": ...}`, whose version answers from the next batch on.
    Raises `ConfigError` for what this session cannot carry out.
    """
    if "funding" in event:
        session.funding.hear(event)
    elif "external" in event:
        if session.features is not None:
            record = SeriesRecord(event["valid"], event["available"], event["value"])
            session.features.heard.hear(event["external"], record)
    elif "reference" in event:
        if session.serving is not None:
            session.serving.change(event)
    elif "mark" in event:
        take_mark(session.exchange.marks, session.funding.slots, session.market, event)
    elif "feed" in event:
        _hear_feed(session, event)
    elif "instrument" in event:
        changed = read_instrument(event["instrument"])
        known = session.exchange.instruments
        session.exchange.instruments = tuple(changed if one.symbol == changed.symbol else one for one in known)
    else:
        _obey(session, at, event)


def carry_out(session: Session, events: Iterable[Event]) -> None:
    """Applies a feed's events before the next batch; one that says no time has that of the batch before."""
    for event in events:
        ts = event.get("ts")
        apply(session, ts if isinstance(ts, int) else session.journal.now, event)


# A feed's


def _hear_feed(session: Session, event: Event) -> None:
    kind = event["feed"]
    if kind in ("muted", "unmuted"):
        session.feed_muted = kind == "muted"
    elif kind in ("stale", "whole"):
        change = frozenset((event["symbol"],))
        session.feed_stale = session.feed_stale | change if kind == "stale" else session.feed_stale - change
        for seat in session.seats:
            seat.desk.stale = session.feed_stale
    elif kind == "late":
        _take_late(session, session.market.index[event["symbol"]], tuple(event["row"]))
    elif kind == "history":
        _remember(session, event["symbol"], event["timeframe"], [tuple(row) for row in event["rows"]])
    elif kind != "amended":
        raise ConfigError(f"no event {kind!r} of a feed is known")


def _take_late(session: Session, slot: int, row: Row) -> None:
    """Takes in a candle of a batch that has gone: broker and market see it, at its own close; no plugin is called,
    and `on_fill` hears of its fills with the next batch."""
    journal, market, close = session.journal, session.market, row[TS] + session.period
    rows = tuple(row if place == slot else None for place in range(len(market.symbols)))
    now, journal.now = journal.now, close
    for book in session.books:
        if book.orders or (book.margin and book.holdings):
            meet(session.exchange, book, rows, market.last)
    journal.now = now
    market.take_late(slot, row)
    if session.features is not None:
        session.features.take(close, rows, market.closed)
    if session.serving is not None:
        session.serving.take_late(rows)
    if session.first_ts is not None and row[TS] >= session.first_ts:
        session.absent -= 1


def _remember(session: Session, symbol: str, timeframe: str, rows: list[Row]) -> None:
    session.market.remember(symbol, timeframe, rows)
    if session.features is not None:
        session.features.remember(session.market.index[symbol], timeframe, rows)


# An operator's


def _obey(session: Session, at: int, command: Event) -> None:
    kind = str(command.get("command"))
    if kind in ("pause", "resume"):
        session.paused = kind == "pause"
    elif kind == "flatten":
        book = command.get("book")
        if book is not None and book not in session.desk_of:
            raise ConfigError(f"no book {book!r} in this session; it has {', '.join(session.desk_of)}")
        for name, desk in session.desk_of.items():
            if book in (None, name):
                desk.flatten("the operator flattened it", at)
    elif kind in SWITCHED:
        reason = str(command.get("reason", f"the operator {SWITCHED[kind]} it"))
        _switch(session, str(command.get("plugin")), kind, reason)
    else:
        raise ConfigError(f"no command {kind!r}; there is pause, resume, flatten, disable, enable and restart")


def _switch(session: Session, plugin: str, kind: str, reason: str) -> None:
    seat = next((seat for seat in session.seats if seat.name == plugin), None)
    if seat is None:
        raise ConfigError(
            f"no plugin {plugin!r} in this session; it has {', '.join(seat.name for seat in session.seats)}"
        )
    if kind == "restart":
        session.renew(seat)
        seat.forget()
        if isinstance(seat, FusionSeat):
            session.strategies[0].moved = True  # it votes anew with the next batch, whether or not a stance moves
    seat.guard.streak = 0
    seat.guard.status = "disabled" if kind == "disable" else "ok"
    seat.guard.report(plugin, SWITCHED[kind], reason, "")
    seat.moved = True
    if kind != "enable":
        seat.desk.after_flat.clear()
        seat.desk.cancel_openings(reason)
