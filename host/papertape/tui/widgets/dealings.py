"""Positions and working orders, and signals."""

from functools import lru_cache

from textual.app import ComposeResult

from papertape.ledger.records import SignalRow
from papertape.tui.core.text import clock, number, percent, price
from papertape.tui.core.views import OrderView, PositionView, SessionView
from papertape.tui.widgets.panel import Choice, Panel, hues, meter, moment, signed
from papertape.tui.widgets.table import Cell, Column, Row, Table

SIDES = {"buy": "▲", "sell": "▼", "short": "▼", "cover": "▲", "close": "■", "target": "◆"}
"""A sign for each side or action."""

POSITIONS = (
    Column("book", most=20),
    Column("symbol", most=14),
    Column("", most=5),
    Column("quantity", right=True, most=16),
    Column("entry", right=True, rank=2),
    Column("last", right=True, rank=3),
    Column("profit", right=True),
    Column("", right=True, rank=4),
    Column("stop", right=True, rank=5),
    Column("target", right=True, rank=6),
    Column("since", rank=7),
)
ORDERS = (
    Column("book", most=20),
    Column("symbol", most=14),
    Column("side", most=6),
    Column("quantity", right=True, most=16),
    Column("order", most=12),
    Column("at", most=24),
    Column("role", most=12, rank=1),
    Column("from", rank=2),
)
SIGNALS = (
    Column("time"),
    Column("book", most=20),
    Column("symbol", most=14),
    Column("signal", most=8),
    Column("sure", rank=2),
    Column("reason", most=None),
)
SHOWN = 300
"""Rows of a list that a person scrolls through; older ones are what exports are for."""


class PositionsPanel(Panel):
    """What is held, and what waits to be filled."""

    TITLE = "Positions"

    def compose(self) -> ComposeResult:
        yield Table(POSITIONS, "Nothing is held.", id="positions")
        yield Table(ORDERS, "No order waits to be filled.", id="orders")

    def show(self, view: SessionView, choice: Choice) -> None:
        held = [one for one in view.positions if choice.book in (None, one.book)]
        waiting = [one for one in view.orders if choice.book in (None, one.book)]
        colours = hues(view)
        self.query_one("#positions", Table).show([_position(one, colours.get(one.book, "")) for one in held])
        orders = self.query_one("#orders", Table)
        orders.styles.height = len(waiting) + 2 if waiting else 2  # with its line above; at most half of the panel
        orders.show([_order(one, colours.get(one.book, "")) for one in waiting[:SHOWN]])
        self.entitle(
            f"{len(held)} held, {len(waiting)} {'order' if len(waiting) == 1 else 'orders'}", choice.book or ""
        )


class SignalsPanel(Panel):
    """What strategies and fusions said, newest first."""

    TITLE = "Signals"

    def compose(self) -> ComposeResult:
        yield Table(SIGNALS, "Nobody has said anything yet.", id="signals")

    def show(self, view: SessionView, choice: Choice) -> None:
        said = [one for one in reversed(view.signals) if choice.book in (None, one.source)][:SHOWN]
        colours = hues(view)
        self.query_one(Table).show([_signal(one, colours.get(one.source, "")) for one in said])
        self.entitle(choice.book or "")


def _position(one: PositionView, colour: str) -> Row:
    long = one.quantity > 0
    cost = abs(float(one.quantity)) * one.entry
    return Row(
        f"{one.book}\n{one.symbol}",
        (
            Cell(one.book, colour),
            Cell(one.symbol),
            Cell("long" if long else "short", "up" if long else "down"),
            Cell(number(abs(one.quantity))),
            Cell(price(one.entry)),
            Cell(price(one.last)),
            Cell(f"{one.profit:+,.2f}", signed(one.profit)),
            Cell(percent(one.profit / cost) if cost else "", signed(one.profit)),
            Cell("" if one.stop is None else number(one.stop), "down"),
            Cell("" if one.target is None else number(one.target), "up"),
            Cell(clock(one.opened_at), "faint"),
        ),
    )


def _order(one: OrderView, colour: str) -> Row:
    return Row(
        str(one.seq),
        (
            Cell(one.book, colour),
            Cell(one.symbol),
            Cell(f"{SIDES[one.side]} {one.side}", "up" if one.side == "buy" else "down"),
            Cell(number(one.remaining)),
            Cell(one.type),
            Cell(one.at_price or "market"),
            Cell(one.role, "faint"),
            Cell(clock(one.effective), "faint"),
        ),
    )


@lru_cache(4 * SHOWN)  # all but a few are those of the view before
def _signal(one: SignalRow, colour: str) -> Row:
    style = {"buy": "up", "cover": "up", "sell": "down", "short": "down"}.get(one.action, "")
    reason = f"(muted) {one.reason}" if one.muted else one.reason
    return Row(
        str(one.seq),
        (
            moment(one.at),
            Cell(one.source, colour),
            Cell(one.symbol),
            Cell(f"{SIDES.get(one.action, '◆')} {one.action}", style),
            Cell(meter(one.confidence)),
            Cell(reason, "faint" if one.muted else ""),
        ),
    )
