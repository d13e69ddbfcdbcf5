"""Links about decisions: from the sizer's target over the rules' verdicts to a quantity, or to a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class SizingLink:
    """The sizer's target: `size` units, before any rounding. `said`: how it came about, in the sizer's words."""

    sizer: str
    params: Mapping[str, Any]
    price: Decimal
    equity: Decimal
    cash: Decimal
    drawdown: float
    symbols: int
    size: Decimal
    said: str
    features: Mapping[str, float | None]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerdictLink:
    """A risk rule's verdict on an entry of `asked` units: passed, shrunk (to `left`), refused (`left` 0) or failed."""

    rule: str
    params: Mapping[str, Any]
    verdict: str
    asked: Decimal
    left: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class CoverLink:
    """Rounding down to the lot, and to what the book can spend: `unit` is what one unit takes of `power`."""

    asked: Decimal
    lot: Decimal
    unit: Decimal
    power: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class AttemptLink:
    """One try to place an order. `wanted`: units before the rules, None where it did not get so far; `quantity`: units
    ordered. `refused`: why not; `record`: number of the order, or of the refusal where that has one."""

    signal: int | None
    side: str
    price: Decimal | None
    sizing: SizingLink | None
    wanted: Decimal | None
    verdicts: tuple[VerdictLink, ...]
    cover: CoverLink | None
    min_notional: Decimal
    refused: str | None
    record: int | None
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class StandingLink:
    """What a standing rule said of the book at this close: None while it lets all pass."""

    rule: str
    action: str | None
    reason: str
