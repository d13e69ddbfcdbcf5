"""Recomputing a decision from the links of its chain alone: what is printed must lead to what was done."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from papertape.broker.money import booked, floor_to, multiply
from papertape.ledger.records import FillRow, OrderRow, SignalRow
from papertape.reports.why.chain import BookLink, Chain, VoteLink, WishLink
from papertape.reports.why.decision_links import AttemptLink
from papertape.reports.why.order_links import FillLink, MeetingLink

BRACKETS = ("stop-loss", "take-profit", "liquidation")
IDLE = {"held", "entering", "leaving", "flat", "unchanged", "muted", "refused", "failed", "cancelled"}
"""What a wish may come to without an order."""


@dataclass
class Seen:
    """The records that chains have accounted for, by their numbers."""

    orders: dict[int, int] = field(default_factory=dict)
    fills: dict[int, int] = field(default_factory=dict)
    signals: dict[int, int] = field(default_factory=dict)

    def take(self, what: dict[int, int], number: int) -> None:
        what[number] = what.get(number, 0) + 1

    def lacks(self, kept: "Kept", batches: Collection[int]) -> list[object]:
        """Records of these batches that no chain has told, or that more than one has."""
        pairs = ((kept.orders, self.orders), (kept.fills, self.fills), (kept.signals, self.signals))
        found: list[object] = []
        for rows, told in pairs:
            found += [row for seq, row in rows.items() if row.batch in batches and told.get(seq) != 1]
        return found


@dataclass(frozen=True)
class Kept:
    """What the ledger holds, by number."""

    orders: dict[int, OrderRow]
    fills: dict[int, FillRow]
    signals: dict[int, SignalRow]

    @classmethod
    def of(cls, orders: Iterable[OrderRow], fills: Iterable[FillRow], signals: Iterable[SignalRow]) -> "Kept":
        return cls({o.seq: o for o in orders}, {f.seq: f for f in fills}, {s.seq: s for s in signals})


def recompute(chain: Chain, kept: Kept, seen: Seen, bps: Decimal) -> None:
    """Goes over a chain, link by link; `bps`: slippage of takers."""
    assert chain.told == "fold" and chain.warnings == (), chain.warnings
    for book in chain.books:
        for meeting in (*book.before, *book.late):
            _meeting(meeting, kept, seen, bps)
        if book.vote is not None:
            _vote(book.vote)
        wishes = book.word.wishes if book.word is not None else [book.vote.wish] if book.vote and book.vote.wish else []
        for wish in wishes:
            _wish(wish, book, kept, seen)
        for attempt in book.attempts:
            _attempt(attempt, kept)
        for fate in (*book.orders, *book.later):
            seen.take(seen.orders, fate.order.number)
            row = kept.orders[fate.order.number]
            assert (fate.order.status, fate.order.filled, fate.order.reason) == (row.status, row.filled, row.reason)
            assert sum((fill.quantity for fill in fate.fills), Decimal(0)) == row.filled
        assert book.muted is None or not (book.attempts or book.orders)
        if book.quiet:
            rows: list[OrderRow | FillRow] = [*kept.orders.values(), *kept.fills.values()]
            assert not [
                row for row in rows if (row.batch, row.book, row.symbol) == (chain.batch, book.book, chain.symbol)
            ]


def _meeting(meeting: MeetingLink, kept: Kept, seen: Seen, bps: Decimal) -> None:
    if meeting.order.role in BRACKETS and meeting.order.at == kept.orders[meeting.order.number].at:
        seen.orders.setdefault(meeting.order.number, 1)
    for fill in meeting.fills:
        seen.take(seen.fills, fill.number)
        row = kept.fills[fill.number]
        assert (fill.quantity, fill.price, fill.fee, fill.position, fill.cash) == (
            row.quantity, row.price, row.fee, row.position, row.cash,
        )  # fmt: skip
        _price(fill, meeting.order.price, bps)
        assert meeting.rule.words


def _price(fill: FillLink, limit: Decimal | None, bps: Decimal) -> None:
    """Slippage is against the trader, and the tick too: within one tick of what the rule and the slippage give. A limit
    is never exceeded."""
    if fill.base is None:
        return
    worse = Decimal(0) if fill.maker else multiply(fill.base, bps / 10_000)
    wanted = fill.base + worse if fill.side == "buy" else fill.base - worse
    if limit is not None:
        wanted = min(wanted, limit) if fill.side == "buy" else max(wanted, limit)
    away = fill.price - wanted if fill.side == "buy" else wanted - fill.price
    assert 0 <= away < Decimal("0.001"), (fill, wanted)


def _vote(vote: VoteLink) -> None:
    """From stances and weights to the side that the fusion takes."""
    if vote.wish is None or not vote.voted:
        return
    alive = [member for member in vote.members if member.absent not in ("quarantined", "disabled")]
    stances = [(member.weight or 0.0, member.stance) for member in alive if member.stance is not None]
    if vote.kind == "WeightedVote":
        total = sum(member.weight or 0.0 for member in alive)
        pulls = [sum(w * stance.confidence for w, stance in stances if stance.side == side) for side in (1, -1)]
        long, short = (round(pull / total, 9) if total else 0.0 for pull in pulls)
    else:
        assert vote.kind == "BayesianVote"
        parts = [stance.side * stance.confidence * w for w, stance in stances if stance.side]
        odds = math.fsum(parts) / (1.0 + max(len(parts) - 1, 0) * vote.params["correlation"])
        long = round(1.0 / (1.0 + math.exp(-odds)), 9)
        short = round(1.0 - long, 9)
    threshold = vote.params["threshold"]
    buys = long >= threshold and long > short
    shorts = vote.params["short"] and short >= threshold and short > long
    assert vote.wish.action == ("buy" if buys else "short" if shorts else "close")


def _wish(wish: WishLink, book: BookLink, kept: Kept, seen: Seen) -> None:
    if wish.kind == "signal" and wish.record is not None:
        row = kept.signals[wish.record]
        assert (row.source, row.action, row.confidence) == (book.book, wish.action, wish.confidence)
        if wish.new:
            seen.take(seen.signals, wish.record)
    served = [fate.order for fate in book.orders if fate.order.signal == wish.record and fate.order.status != "refused"]
    if wish.outcome in ("ordered", "closing"):
        assert wish.kind == "order" or served, wish
    else:
        assert wish.outcome in IDLE | {"reversing"}, wish
    assert (wish.outcome == "muted") == (book.muted is not None) or wish.outcome == "failed"
    assert book.state is not None
    if wish.outcome == "held":
        assert book.state.position > 0 if wish.action == "buy" else book.state.position < 0
    if wish.outcome == "flat":
        assert book.state.position == 0


def _attempt(attempt: AttemptLink, kept: Kept) -> None:
    """From the sizer's target over the verdicts to the quantity of the order, or to the refusal."""
    quantity = attempt.wanted
    if attempt.sizing is not None and attempt.wanted is not None:
        lot = Decimal("1e-8") if attempt.cover is None else attempt.cover.lot
        assert floor_to(attempt.sizing.size, lot) >= attempt.wanted
    stopped = None
    for verdict in attempt.verdicts:
        assert verdict.asked == quantity, (verdict, quantity)
        quantity = verdict.left
        if verdict.verdict in ("refused", "failed"):
            stopped = verdict
    cover = attempt.cover
    if cover is not None:
        assert stopped is None and cover.asked == quantity
        fits = floor_to(cover.asked, cover.lot)
        if multiply(cover.unit, fits) > cover.power:
            fits = max(floor_to(cover.power / cover.unit, cover.lot), Decimal(0))
        assert cover.left == fits
        quantity = cover.left
    if attempt.refused is None:
        assert attempt.record is not None and quantity is not None
        assert kept.orders[attempt.record].quantity == quantity > 0
        assert attempt.price is None or multiply(quantity, attempt.price) >= attempt.min_notional
    else:
        if stopped is not None and stopped.verdict == "refused":
            assert attempt.refused.endswith(stopped.reason)
        if attempt.record is not None:
            assert kept.orders[attempt.record].reason == attempt.refused
            assert kept.orders[attempt.record].status == "refused"


def fees_agree(kept: Kept, rate: Decimal) -> None:
    """Every fee is the rate of its notional, as it is booked."""
    for fill in kept.fills.values():
        assert fill.fee == booked(multiply(multiply(fill.quantity, fill.price), rate))
