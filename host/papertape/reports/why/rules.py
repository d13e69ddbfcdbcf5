"""What the broker did with an order in a candle, and by which rule: in the words of the explanation pages."""

from decimal import Decimal
from typing import Final

from papertape.broker.matching import Prices, market_inside, prices_of
from papertape.contract.candle import TS, Row
from papertape.ledger.records import FillRow, OrderRow
from papertape.reports.why.order_links import Rule

INSIDE: Final = "Inside a candle"
TIME: Final = "Time"
ORDERS: Final = "Signals and orders"
AFTER: Final = "After the price"

MARKET_OPEN = Rule("market-open", INSIDE, "a market order fills at the open of the next candle")
MARKET_INSIDE = Rule(
    "market-inside",
    TIME,
    "a market order that becomes effective inside a candle fills in it, at the worse of its open and its close",
)
STOP_OPEN = Rule("stop-open", INSIDE, "a stop that the open has passed fills at the open")
STOP_INSIDE = Rule("stop-inside", INSIDE, "a stop counts when the range reaches it, and fills at its price")
OWN_STOP = Rule("own-stop", INSIDE, "an entry that opens beyond its own stop is filled and stopped right there")
LIMIT_OPEN = Rule("limit-open", INSIDE, "a limit that the open beats fills at the open")
LIMIT_INSIDE = Rule("limit-inside", INSIDE, "a limit counts when the range goes through it, and fills at its price")
STOP_LIMIT = Rule(
    "stop-limit", INSIDE, "a stop-limit triggered in a candle fills at its stop, if its limit allows that"
)
LIQUIDATED = Rule(
    "liquidation",
    INSIDE,
    "equity fell to the maintenance margin: at the price where it did, which stands among the stops, or at the close",
)
BOTH_LEGS = Rule("both-legs", INSIDE, "when both legs of a bracket lie inside the candle, the stop counts")
NOT_YET = Rule("not-yet", TIME, "an order meets only candles that open at or after it became effective")
NO_CANDLE = Rule("no-candle", TIME, "a symbol without a candle stands still: its orders meet nothing")
NOT_THROUGH = Rule("limit-waits", INSIDE, "a limit needs a trade through its price; a touch is not enough")
NOT_TOUCHED = Rule("limit-waits", INSIDE, "a limit needs a trade at its price or through it")
NOT_REACHED = Rule("stop-waits", INSIDE, "a stop waits until the range reaches it")
NO_VOLUME = Rule("volume", AFTER, "with a volume limit, a candle fills no more than its part of the volume")
EXPIRED = Rule("expired", ORDERS, "an order whose time is over is taken off before it meets the candle")
AT_ONCE = Rule("at-once", ORDERS, "what IOC or FOK cannot fill against the first candle is cancelled")
TAKEN_OFF = Rule(
    "taken-off", ORDERS, "an order ends when what it was for is gone, or a newer wish asks for something else"
)
SHORT_OF_CASH = Rule("cash", "Books", "a buy that cash no longer covers at its fill is cut to what it covers")

STOPS: Final = ("stop", "trailing-stop")


def rule_of(order: OrderRow, row: Row | None, fills: list[FillRow], ended: OrderRow | None, touch: bool) -> Rule:
    """The rule by which a candle did what it did to an order. `order`: as it stood before, `ended`: as it ended."""
    if row is None:
        return NO_CANDLE if ended is None else TAKEN_OFF
    if fills:
        return _filled_by(order, row, fills[0])
    if ended is not None:
        return _ended_by(ended)
    if order.effective > row[TS]:
        return NOT_YET
    if order.type in ("stop", "trailing-stop"):
        return NOT_REACHED
    if order.type in ("limit", "stop-limit"):
        return NOT_TOUCHED if touch else NOT_THROUGH
    return NO_VOLUME


def _filled_by(order: OrderRow, row: Row, fill: FillRow) -> Rule:
    at_open = fill.at == row[TS]
    if order.role == "liquidation":
        return LIQUIDATED
    if order.type == "market":
        return MARKET_OPEN if at_open else MARKET_INSIDE
    if order.type in STOPS:
        if fill.note == "opened beyond its own stop":
            return OWN_STOP
        return STOP_OPEN if at_open else STOP_INSIDE
    if order.type == "stop-limit" and not at_open and not fill.maker:
        return STOP_LIMIT
    return LIMIT_OPEN if at_open else LIMIT_INSIDE


def _ended_by(ended: OrderRow) -> Rule:
    if ended.status == "expired":
        return EXPIRED
    if ended.reason.startswith(("IOC", "FOK")):
        return AT_ONCE
    if ended.reason == "the other leg of its bracket was filled":
        return BOTH_LEGS
    if ended.reason.startswith("the price moved"):
        return SHORT_OF_CASH
    return TAKEN_OFF


def base_price(order: OrderRow, row: Row, fill: FillRow) -> Decimal | None:
    """The price that the rule gives, before slippage and tick; None where it depends on the whole book. `order`: as it
    stood before the candle."""
    prices: Prices = prices_of(row)
    sign = 1 if order.side == "buy" else -1
    if fill.at == row[TS]:
        return prices.open
    if order.role == "liquidation":
        return None
    if order.type == "market":
        return market_inside(sign, prices)
    if order.type in STOPS and order.stop_price is not None:
        passed = market_inside(-sign, prices)  # an entry inside the candle may have passed its stop already
        return max(order.stop_price, passed) if sign > 0 else min(order.stop_price, passed)
    if order.type == "stop-limit":
        return order.price if fill.maker else order.stop_price
    return order.price
