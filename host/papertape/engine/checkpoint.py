"""Checkpoints: everything that a session needs to go on, as plain values, and how it is put back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

from papertape.broker.book import Book, Holding
from papertape.broker.order import Order
from papertape.contract.component import Component
from papertape.contract.errors import PluginError
from papertape.contract.risk import Standing
from papertape.contract.signal import Signal
from papertape.engine import codec
from papertape.engine.build import Built
from papertape.engine.events import apply
from papertape.engine.guard import Guard
from papertape.engine.seat import Seat, signal_document
from papertape.engine.tape import INSTRUMENT
from papertape.ledger.records import TapeRow

Spent: TypeAlias = tuple[int, float, float]
"""Calls of a component, and the median and the 99th percentile of how long they took, microseconds."""
_ORDER = [field.name for field in fields(Order)]
_HOLDING = [field.name for field in fields(Holding)]


def save(built: Built, spent: Sequence[Spent] = ()) -> bytes:
    """The session's state after the newest batch, components' included. `spent`: what each guard has measured, where
    that is to be looked at meanwhile; it is no part of the state, and nothing is made of it in a resume."""
    session = built.session
    return codec.encode(
        {
            "batch": session.journal.batch,
            "now": session.journal.now,
            "seq": session.journal.seq,
            "chain": session.journal.chain,
            "paused": session.paused,
            "feed_muted": session.feed_muted,
            "feed_stale": sorted(session.feed_stale),
            "absent": session.absent,
            "first_ts": session.first_ts,
            "opening": session.opening,
            "occasion": [sorted(session.occasion[0]), session.occasion[1]],
            "market": session.market.state,
            "features": None if session.features is None else {"set": built.features, **session.features.state},
            "models": None if session.serving is None else session.serving.state,
            "funding": session.funding.state,
            "marks": [[slot, rows] for slot, rows in sorted(session.exchange.marks.rows.items())],
            "guards": [_guard(guard) for guard in built.guards],
            **({"spent": [list(each) for each in spent]} if spent else {}),
            "seats": {seat.name: _seat(seat) for seat in session.seats},
            "parts": {part.name: kept_state(part.component, part.name) for part in built.parts},
        }
    )


def kept_state(component: Component, name: str) -> bytes | None:
    """A component's state, encoded; None where it is not kept, or cannot be."""
    return _encoded(component, name)[0]


def unkept(built: Built) -> list[str]:
    """Parts that offer a state which cannot be kept, each with the reason."""
    reasons = (_encoded(part.component, part.name)[1] for part in built.parts)
    return [f"{reason}; a resume calls it over the tape again instead" for reason in reasons if reason]


def _encoded(component: Component, name: str) -> tuple[bytes | None, str | None]:
    try:
        state = component.state
        return None if state is None else codec.encode(state, f"{name}: state"), None
    except PluginError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001  # `state` is the guest's code; attributes of `keeps` may be missing
        return None, f"{name}: its state cannot be read ({type(error).__name__}: {error})"


def start_from(built: Built, state: Mapping[str, Any], tape: Iterable[TapeRow]) -> None:
    """Starts a session, and `restore`s it as it stood at a decoded checkpoint; its instruments have the rules that the
    tape has brought by then."""
    session = built.session
    session.start(built.contexts)
    session.journal.drain()
    restore(built, state)
    for row in tape:
        if row.kind == INSTRUMENT and row.batch <= session.journal.batch + 1:
            apply(session, row.at, json.loads(row.payload))


def restore(built: Built, state: Mapping[str, Any]) -> None:
    """Puts the host's side of a decoded checkpoint back; components are the caller's, and so are features that mean
    something else than when they were kept."""
    session, journal = built.session, built.session.journal
    journal.batch, journal.now, journal.seq = state["batch"], state["now"], state["seq"]
    journal.chain = state["chain"]
    session.paused = state["paused"]
    session.feed_muted, session.feed_stale = state.get("feed_muted", False), frozenset(state.get("feed_stale", ()))
    for seat in session.seats:
        seat.desk.stale = session.feed_stale
    session.absent, session.first_ts = state["absent"], state["first_ts"]
    session.opening = state["opening"]
    session.unopened = session.opening.count(None)
    stale, muted = state["occasion"]
    session.occasion = (frozenset(stale), muted)
    session.market.state = state["market"]
    if "funding" in state:  # not in a checkpoint of an earlier version
        session.funding.state = state["funding"]
        session.exchange.marks.rows = {slot: list(rows) for slot, rows in state["marks"]}
    kept = state.get("features")  # of an earlier version: not there
    if session.features is not None and kept is not None and kept["set"] == built.features:
        session.features.state = kept
    if session.serving is not None and state.get("models") is not None:
        session.serving.state = state["models"]
    for seat in session.seats:
        _restore_seat(seat, state["seats"][seat.name])
    for guard, kept in zip(built.guards, state["guards"], strict=True):
        guard.status, guard.errors, guard.streak = kept


def _seat(seat: Seat) -> dict[str, Any]:
    desk = seat.desk
    book = desk.book
    return {
        "spoken": seat.spoken,
        "moved": seat.moved,
        "cash": book.cash,
        "equity": book.equity,
        "exposure": book.exposure,
        "holdings": [
            [slot, [getattr(held, name) for name in _HOLDING]] for slot, held in sorted(book.holdings.items())
        ],
        "orders": [[getattr(order, name) for name in _ORDER] for order in book.orders],
        "standing": [None if s is None else [s.action, s.reason, s.fraction] for s in desk.standing],
        "after_flat": [[slot, signal_document(last), seq] for slot, (last, seq) in sorted(desk.after_flat.items())],
        "refusals": [[slot, list(key)] for slot, key in sorted(desk.refusals.items())],
        "trips": list(desk.trips),
        "latency": desk.latency,
        "peak": desk.peak,
    }


def _restore_seat(seat: Seat, kept: Mapping[str, Any]) -> None:
    desk = seat.desk
    seat.spoken = kept["spoken"]
    seat.moved = kept["moved"]
    _restore_book(desk.book, kept)
    desk.standing = [None if s is None else Standing(*s) for s in kept["standing"]]
    desk.after_flat = {slot: (Signal(**document), seq) for slot, document, seq in kept["after_flat"]}
    desk.refusals = {slot: (key[0], key[1]) for slot, key in kept["refusals"]}
    desk.trips = list(kept["trips"])
    desk.latency = kept.get("latency", desk.latency)
    desk.peak = kept.get("peak", desk.peak)


def _restore_book(book: Book, kept: Mapping[str, Any]) -> None:
    book.cash = kept["cash"]
    book.holdings = {slot: Holding(*values) for slot, values in kept["holdings"]}
    book.orders = [Order(**dict(zip(_ORDER, values, strict=True))) for values in kept["orders"]]
    book.refresh()
    book.equity, book.exposure = kept["equity"], kept["exposure"]


def _guard(guard: Guard) -> list[object]:
    return [guard.status, guard.errors, guard.streak]
