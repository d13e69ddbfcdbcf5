"""What a candle did to a book's working orders, and what became of those that were made at it."""

from collections.abc import Iterable, Mapping, Sequence

from papertape.contract.candle import Row
from papertape.ledger.finding import fills_of, order_of
from papertape.ledger.records import Effects, FillRow, OrderRow
from papertape.ledger.store import Ledger
from papertape.reports.why.order_links import FateLink, FillLink, MeetingLink, OrderLink
from papertape.reports.why.rules import base_price, rule_of

BROUGHT = ("stop-loss", "take-profit", "liquidation")
"""Roles of orders that a candle itself brings."""


def order_link(row: OrderRow) -> OrderLink:
    """An order as its row has it."""
    return OrderLink(
        row.seq, row.at, row.effective, row.role, row.side, row.type, row.quantity, row.price, row.stop_price,
        row.trail, row.time_in_force, row.signal, row.parent, row.tag, row.status, row.filled, row.reason, row.ended_at,
    )  # fmt: skip


def fill_link(row: FillRow, order: OrderRow, candle: Row | None) -> FillLink:
    """An execution; `order` as it stood before the candle, None for one that is not known any more."""
    base = None if candle is None else base_price(order, candle, row)
    return FillLink(
        row.seq, row.order, row.batch, row.at, row.side, row.quantity, base, row.price, row.fee, row.maker,
        row.position, row.cash, row.profit, row.note,
    )  # fmt: skip


def meetings(
    before: Mapping[int, OrderRow], effects: Effects, book: str, symbol: str, candle: Row | None, touch: bool
) -> tuple[MeetingLink, ...]:
    """What the candle did to the orders that were working `before` it (by number), and to those that it brought."""
    after = {row.seq: row for row in effects.orders if row.book == book and row.symbol == symbol}
    brought = {
        seq: row for seq, row in after.items() if seq not in before and row.role in BROUGHT and row.status != "refused"
    }
    fills: dict[int, list[FillRow]] = {}
    for fill in effects.fills:
        fills.setdefault(fill.order, []).append(fill)
    found = []
    for seq, order in sorted({**before, **brought}.items()):
        now = after.get(seq, order)
        mine = fills.get(seq, [])
        ended = now if now.status != "working" else None
        rule = rule_of(order, candle, mine, ended, touch)
        links = tuple(fill_link(fill, order, candle) for fill in mine)
        found.append(
            MeetingLink(
                order_link(now), rule, links, None if ended is None else ended.status, now.reason if ended else ""
            )
        )
    return tuple(found)


def fates(
    ledger: Ledger, session: str, made: Iterable[OrderRow], candles: Mapping[int, Row | None]
) -> tuple[FateLink, ...]:
    """What has become of orders, as the ledger has it now. `candles`: by batch, those that are at hand."""
    found = []
    for row in sorted(made, key=lambda row: row.seq):
        now = order_of(ledger, session, row.seq) or row
        fills = fills_of(ledger, session, now) if now.status != "refused" else []
        found.append(FateLink(order_link(now), tuple(fill_link(fill, row, candles.get(fill.batch)) for fill in fills)))
    return tuple(found)


def decided(rows: Sequence[OrderRow], book: str, symbol: str, batch: int) -> list[OrderRow]:
    """Of some orders those that a desk made for a book and symbol at a batch: entries, exits, requests, refusals."""
    return [
        row
        for row in rows
        if row.book == book and row.symbol == symbol and row.batch == batch and row.role not in BROUGHT
    ]
