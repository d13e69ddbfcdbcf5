"""What was said at a candle: a strategy's wishes or silence, a fusion's vote, and what each stands for."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from papertape.broker.money import decimal
from papertape.contract.component import Component
from papertape.contract.feature import Features
from papertape.contract.fusion import Council
from papertape.contract.order import Cancel
from papertape.contract.signal import Signal
from papertape.contract.strategy import Wish
from papertape.engine.seat import FusionSeat, Seat
from papertape.engine.tracing import Watch
from papertape.ledger.records import OrderRow, SignalRow
from papertape.reports.why.chain import MemberLink, StanceLink, VoteLink, WishLink

Said = tuple[Signal, int] | None
"""A source's last signal for a symbol, and the number of its record."""


def wish_links(
    seat: Seat,
    slot: int,
    wishes: Iterable[Wish],
    before: Said,
    signals: Sequence[SignalRow],
    orders: Sequence[OrderRow],
    watch: Watch,
    muted: bool,
) -> tuple[WishLink, ...]:
    """A source's wishes for a symbol. `before`: what it had said last, `signals`: its records of this batch, `orders`:
    what its desk made."""
    symbol = seat.market.symbols[slot]
    rows = iter([row for row in signals if row.source == seat.name and row.symbol == symbol])
    found = []
    for wish in wishes:
        if isinstance(wish, Cancel):
            found.append(_plain("cancel", str(wish.order), "muted" if muted else "cancelled"))
            continue
        if wish.symbol != symbol:
            continue
        if not isinstance(wish, Signal):
            outcome = next((_tried(one.refused) for one in watch.attempts if one.wish is wish), _unsent(muted))
            found.append(_plain("order", wish.side, outcome, wish.quantity))
            continue
        new = before is None or before[0] != wish
        if new:
            row = next(rows, None)
            if row is None:  # it failed before it got so far
                found.append(_signal(wish, None, False, "failed"))
                continue
            before = (wish, row.seq)
        assert before is not None
        outcome = _unsent(muted) if muted else _outcome(seat, slot, wish, before[1], orders, watch)
        found.append(_signal(wish, before[1], new, outcome))
    return tuple(found)


def _unsent(muted: bool) -> str:
    return "muted" if muted else "failed"


def _tried(refused: str | None) -> str:
    return "ordered" if refused is None else "refused"


def _outcome(seat: Seat, slot: int, wish: Signal, seq: int, orders: Sequence[OrderRow], watch: Watch) -> str:
    """What a signal that was heard came to."""
    desk, book = seat.desk, seat.desk.book
    for attempt in watch.attempts:
        if attempt.wish is wish or attempt.signal == seq:
            return _tried(attempt.refused)
    mine = [row for row in orders if row.book == book.name and row.signal == seq and row.role == "exit"]
    if slot in desk.after_flat:
        return "reversing"
    if any(row.batch == seat.journal.batch for row in mine):
        return "closing"
    working = {order.role: order for order in book.orders if order.slot == slot}
    if wish.action == "target":
        return "unchanged"
    if wish.action in ("buy", "short"):
        return "entering" if "entry" in working and slot not in book.holdings else "held"
    return "leaving" if "exit" in working else "flat"


def _plain(kind: str, action: str, outcome: str, quantity: Any = None) -> WishLink:
    exact = None if quantity is None else decimal(quantity)
    return WishLink(kind, action, None, None, None, None, exact, None, "", None, False, outcome)


def _signal(wish: Signal, record: int | None, new: bool, outcome: str) -> WishLink:
    return WishLink(
        "signal", wish.action, float(wish.confidence), wish.stop_loss, wish.take_profit,
        _exact(wish.size), _exact(wish.quantity), wish.fraction, wish.reason, record, new, outcome,
    )  # fmt: skip


def _exact(value: Decimal | float | None) -> Decimal | None:
    return None if value is None else decimal(value)


def stance_link(seat: Seat, slot: int) -> StanceLink | None:
    """What a source stands for on a symbol."""
    stance = seat.stance(slot)
    if stance is None:
        return None
    return StanceLink(stance.side, stance.confidence, stance.stop_loss, stance.take_profit, stance.since, stance.reason)


def vote_link(
    seat: FusionSeat,
    slot: int,
    council: Council | None,
    stale: frozenset[str],
    wish: WishLink | None,
    error: str | None,
) -> VoteLink:
    """A fusion's vote. `council`: what it was shown at this close, None where it was not asked."""
    symbol = seat.market.symbols[slot]
    shown = council if council is not None else seat.council(stale)
    weights = seat.fusion.weighs(symbol)
    given = shown.stances.get(symbol, {})
    members = []
    for member in seat.members:
        stance = given.get(member.name)
        link = None
        if stance is not None:
            link = StanceLink(
                stance.side, stance.confidence, stance.stop_loss, stance.take_profit, stance.since, stance.reason
            )
        absent: str | None = None
        if member.name not in shown.members:
            absent = member.guard.status
        elif stance is None:
            absent = "stale" if symbol in stale else "silent" if member.said[slot] is None else "lapsed"
        members.append(MemberLink(member.name, weights.get(member.name), link, absent))
    return VoteLink(
        seat.guard.status, type(seat.fusion).__name__, params_of(seat.fusion), council is not None, tuple(members),
        wish, stance_link(seat, slot), error,
    )  # fmt: skip


def params_of(component: Component) -> Mapping[str, Any]:
    """A component's parameters and their values."""
    return {name: getattr(component, name) for name in component.params()}


def feature_values(features: Features) -> Mapping[str, float | None]:
    """Features by name, None where one is missing."""
    if not len(features):
        return {}
    return {
        name: None if np.isnan(value) else value
        for name, value in zip(features.names, features.values.tolist(), strict=True)
    }
