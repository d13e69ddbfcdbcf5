"""Links about orders: what a candle did to those that waited, and what became of those that were made at it."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OrderLink:
    """An order as it stands after this candle. `at`: when it was decided, `effective`: from when it meets candles.
    `status`, `filled`, `reason`: of now, however long after the candle that is."""

    number: int
    at: int
    effective: int
    role: str
    side: str
    type: str
    quantity: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    trail: Decimal | None
    time_in_force: str
    signal: int | None
    parent: int | None
    tag: str | None
    status: str
    filled: Decimal
    reason: str
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class FillLink:
    """An execution. `base`: the price that the rule gives, before slippage and tick (None where it is not known
    afterwards); `fee` in quote currency; `position`, `cash`: of the book after it."""

    number: int
    order: int
    batch: int
    at: int
    side: str
    quantity: Decimal
    base: Decimal | None
    price: Decimal
    fee: Decimal
    maker: bool
    position: Decimal
    cash: Decimal
    profit: Decimal | None
    note: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the explanation pages: its name here, the page's section, and its words."""

    name: str
    section: str
    words: str


@dataclass(frozen=True, slots=True)
class MeetingLink:
    """What an order and this candle did to each other. `ended`: filled, cancelled or expired in it; None: it works on.
    `reason`: of the end, as the broker gave it."""

    order: OrderLink
    rule: Rule
    fills: tuple[FillLink, ...]
    ended: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class FateLink:
    """An order that was made at this candle, and what has become of it since."""

    order: OrderLink
    fills: tuple[FillLink, ...]
