"""A session's summary: the document that `run --json` ends with, computed from the ledger alone."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from papertape.broker.money import ZERO, add, exact, multiply, plain
from papertape.contract.candle import CLOSE
from papertape.engine import codec
from papertape.engine.tape import overlay, read_header
from papertape.ledger.records import EquityRow, FillRow, FundingRow, NoteRow, OrderRow
from papertape.ledger.store import Ledger, SessionRow
from papertape.reports.figures import Curve, Dealings
from papertape.reports.live_feed import live_feed
from papertape.reports.round_trips import round_trips


def summarise(ledger: Ledger, session: SessionRow) -> dict[str, Any]:
    """Everything that the ledger says about a session as of its newest checkpoint; JSON values.

    Money and quantities are plain decimal strings; `return` and the like are fractions.
    """
    kept = ledger.checkpoint(session.id)
    state = codec.decode(kept.state) if kept is not None else {"seats": {}, "market": {"last": []}}
    symbols = json.loads(session.symbols)
    header = read_header(overlay(ledger, session.id))
    cash = header.config.cash
    orders: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for order in ledger.rows(session.id, OrderRow):
        (refused if order.status == "refused" else orders)[order.book] += 1
    dealings = {name: Dealings() for name in state["seats"]}

    def fills() -> Iterator[FillRow]:
        for fill in ledger.rows(session.id, FillRow):
            dealings[fill.book].fill(fill)
            yield fill

    def funding() -> Iterator[FundingRow]:
        for payment in ledger.rows(session.id, FundingRow):
            dealings[payment.book].pay(payment)
            yield payment

    for trip in round_trips(fills(), funding()):
        dealings[trip.book].close(trip)
    curves = {name: Curve(float(cash)) for name in state["seats"]}
    for block in ledger.rows(session.id, EquityRow):
        curves[block.book].take(block)
    last = state["market"]["last"]
    speed = session.bars / session.seconds if session.seconds else 0.0
    return {
        "session": session.id,
        "status": session.status,
        "error": session.error,
        "bars": session.bars,
        "snapshots": session.snapshots,
        "seconds": round(session.seconds, 6),
        "bars_per_second": round(speed, 1),
        "first_ts": session.first_ts,
        "last_ts": session.last_ts,
        "digest": session.digest,
        "db": ledger.database.name,
        "symbols": symbols,
        "timeframe": session.timeframe,
        "buy_and_hold": _buy_and_hold(state),
        "live": live_feed(ledger, session.id, state) if header.live else None,
        "books": [
            _book(name, seat, last, symbols, orders[name], refused[name], dealings[name], curves[name])
            for name, seat in state["seats"].items()
        ],
        "notes": [note._asdict() for note in ledger.rows(session.id, NoteRow)],
    }


def _book(
    name: str,
    seat: Mapping[str, Any],
    last: list[Any],
    symbols: list[str],
    orders: int,
    refused: int,
    dealings: Dealings,
    curve: Curve,
) -> dict[str, Any]:
    held: dict[int, Decimal] = {slot: values[0] for slot, values in seat["holdings"]}
    equity: Decimal = seat["cash"]
    for slot, quantity in held.items():
        equity = add(equity, multiply(quantity, exact(last[slot][CLOSE])))
    figures = curve.figures()
    return {
        "name": name,
        "cash": plain(seat["cash"]),
        "equity": plain(equity),
        "return": float(equity) / curve.start - 1.0,
        "orders": orders,
        "refused": refused,
        "fills": dealings.fills,
        "fees": plain(dealings.fees),
        "funding": plain(dealings.funding),
        "max_drawdown": figures["max_drawdown"],
        "sharpe": figures["sharpe"],
        "exposure": figures["exposure"],
        "turnover": float(dealings.traded) / curve.start,
        "positions": {symbol: plain(held.get(slot, ZERO)) for slot, symbol in enumerate(symbols)},
        **dealings.figures(),
    }


def _buy_and_hold(state: Mapping[str, Any]) -> float | None:
    """The mean over symbols of last close / first close - 1, as a fraction, without fees; None before a candle."""
    opening = state.get("opening", [])
    changes = [
        row[CLOSE] / first - 1.0
        for first, row in zip(opening, state["market"]["last"], strict=True)
        if first is not None and row is not None
    ]
    return sum(changes) / len(changes) if changes else None
