"""Orders in plain sentences: what a candle did to one, and what became of one."""

from papertape.market.timeframe import iso
from papertape.reports.why.figures import number, signed
from papertape.reports.why.order_links import FateLink, FillLink, MeetingLink, OrderLink


def meeting_words(meeting: MeetingLink) -> list[str]:
    order = meeting.order
    rule = f"{meeting.rule.words} ({meeting.rule.section})" if meeting.rule.words else ""
    lines = [_filled(order, fill, rule) for fill in meeting.fills]
    if meeting.ended in ("cancelled", "expired"):
        why = f": {meeting.reason}" if meeting.reason else ""
        lines.append(f"{_order(order)} {'was cancelled' if meeting.ended == 'cancelled' else 'expired'}{why}.")
    elif not meeting.fills:
        lines.append(f"{_order(order)} went on waiting: {rule or 'nothing reached it'}.")
    return lines


def _filled(order: OrderLink, fill: FillLink, rule: str) -> str:
    text = f"{_order(order)} filled {number(fill.quantity)} at {number(fill.price)}"
    text += f": {rule}" if rule else ""
    if fill.base is not None and fill.base != fill.price:
        text += f"; that is {number(fill.base)}, and slippage and the tick took {number(abs(fill.price - fill.base))}"
    text += f"; fee {number(fill.fee)}{', as a maker' if fill.maker else ''}"
    if fill.profit is not None:
        text += f"; profit {signed(fill.profit)}"
    return text + (f" ({fill.note})." if fill.note else ".")


def fate_words(fate: FateLink) -> list[str]:
    """An order that was made, and what has become of it."""
    order = fate.order
    if order.status == "refused":
        return [f"{_order(order)} was refused: {order.reason}."]
    text = f"{_order(order)} was placed, effective from {iso(order.effective)}"
    lines = [text + (f" ({order.reason})." if order.reason and order.status != "cancelled" else ".")]
    for fill in fate.fills:
        lines.append(
            f"It filled {number(fill.quantity)} at {number(fill.price)} (fill {fill.number}, {iso(fill.at)}, fee "
            f"{number(fill.fee)})."
        )
    if order.status in ("cancelled", "expired"):
        ended = "" if order.ended_at is None else f" at {iso(order.ended_at)}"
        lines.append(f"It {'was cancelled' if order.status == 'cancelled' else 'expired'}{ended}: {order.reason}.")
    elif order.status == "working":
        lines.append("It is still waiting.")
    return lines


def _order(order: OrderLink) -> str:
    kind = {"entry": "the entry", "exit": "the exit", "request": "its own order", "liquidation": "the liquidation"}
    what = kind.get(order.role, f"the {order.role}")
    at = [
        f"{name} {number(value)}"
        for name, value in (("limit", order.price), ("stop", order.stop_price), ("trail", order.trail))
        if value is not None
    ]
    where = f" with {' and '.join(at)}" if at else " at the market" if order.type == "market" else ""
    return f"Order {order.number}, {what} to {order.side} {number(order.quantity)}{where},"
