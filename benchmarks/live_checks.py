"""What must hold of a live session at any moment, whatever has happened to its host."""

import json
from collections import defaultdict
from decimal import Decimal

from live_market import MINUTE, LiveMarket
from undisturbed import Failed

from papertape.broker.money import add, booked, multiply, subtract
from papertape.contract.candle import FLAGS
from papertape.engine.tape import BATCH, FEED, overlay, read_header
from papertape.ledger.records import FillRow, OrderRow, TapeRow
from papertape.ledger.store import Ledger, SessionRow

Candles = list[dict[str, list[float]]]
"""The candles of each batch by symbol, without their flags."""


def check_tape(ledger: Ledger, session: SessionRow, true: Candles | None) -> Candles:
    """That entries, batches and candles follow one another without a gap, and that the candles are the true ones."""
    entries = list(ledger.rows(session.id, TapeRow))
    if [entry.number for entry in entries] != list(range(len(entries))):
        raise Failed(f"the tape of session {session.id} has a gap")
    batches = [entry for entry in entries if entry.kind == BATCH]
    first = batches[0].at if batches else 0
    for number, entry in enumerate(batches):
        if (entry.batch, entry.at) != (number, first + number * MINUTE):
            raise Failed(f"entry {entry.number} is batch {entry.batch} of {entry.at}, not {number}")
    found = [_candles(entry) for entry in batches]
    if true is not None and found != true[: len(found)]:
        raise Failed(f"the candles of session {session.id} are not the exchange's")
    return found


def _candles(entry: TapeRow) -> dict[str, list[float]]:
    rows = json.loads(entry.payload)["rows"]
    return {symbol: rows[symbol][:FLAGS] for symbol in sorted(rows)}


def check_market(exchange: LiveMarket, candles: Candles) -> None:
    """That a session's candles are what the exchange itself says there was."""
    for symbol in exchange.symbols:
        seen = [batch[symbol] for batch in candles]
        if seen != exchange.candles(symbol, int(seen[0][0]), len(seen)):
            raise Failed(f"the candles of {symbol} are not the exchange's")


def check_money(ledger: Ledger, session: SessionRow) -> None:
    """That each book's cash and positions follow from its fills, and what an order has filled too."""
    start: Decimal = read_header(overlay(ledger, session.id)).config.cash
    cash: dict[str, Decimal] = defaultdict(lambda: start)
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for fill in ledger.rows(session.id, FillRow):
        units = fill.quantity if fill.side == "buy" else fill.quantity.copy_negate()
        notional = booked(multiply(units, fill.price))
        cash[fill.book] = subtract(subtract(cash[fill.book], notional), fill.fee)
        held[fill.book, fill.symbol] = add(held[fill.book, fill.symbol], units)
        filled[fill.order] = add(filled[fill.order], fill.quantity)
        if (fill.cash, fill.position) != (cash[fill.book], held[fill.book, fill.symbol]):
            raise Failed(f"fill {fill.seq} of session {session.id} does not follow from those before it")
    for order in ledger.rows(session.id, OrderRow):
        if order.filled != filled[order.seq] or order.filled > order.quantity:
            raise Failed(f"order {order.seq} of session {session.id} says {order.filled}: fills {filled[order.seq]}")


def check_muted(ledger: Ledger, session: SessionRow, within: float) -> dict[int, bool]:
    """That what came too late is what was muted, and that nothing was entered on it; whether, by batch."""
    warmed = read_header(overlay(ledger, session.id)).warmed
    muted, now = {}, False
    for entry in ledger.rows(session.id, TapeRow, of_kinds=(FEED, BATCH)):
        document = json.loads(entry.payload)
        if entry.kind == FEED:
            now = {"muted": True, "unmuted": False}.get(document["feed"], now)
        elif entry.batch >= warmed:
            muted[entry.batch] = now
            if (document["arrived"] - entry.at > within * 1000) != now:
                raise Failed(f"batch {entry.batch} of session {session.id} is {'' if now else 'not '}muted")
    for order in ledger.rows(session.id, OrderRow):
        if order.role in ("entry", "request") and muted.get(order.batch):
            raise Failed(f"order {order.seq} of session {session.id} was decided in muted batch {order.batch}")
    return muted
