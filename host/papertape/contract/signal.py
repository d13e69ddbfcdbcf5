"""Signals: what a strategy wants to be, not which orders it wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from numbers import Integral
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from papertape.contract.errors import InvalidValue

Action: TypeAlias = Literal["buy", "short", "close", "sell", "cover", "target"]
ACTIONS: tuple[Action, ...] = ("buy", "short", "close", "sell", "cover", "target")
MOST = 1e18
"""Every number of a wish is smaller: sums with larger ones would not be exact in the digits that the books carry."""
PLAIN = frozenset({float, int, Decimal})
"""What numbers of a wish are, once it is made."""
NO_METADATA: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Signal:
    """A wish for one symbol, valid until the plugin says otherwise.

    `action`: `buy` = be long, `short` = be short (margin only), `close` (also `sell`, `cover`) = be flat, `target` =
    hold exactly `quantity` units or `fraction` of equity (signed). `size`: notional in quote currency that wins over
    the session's sizer. `price`: information only. `stop_loss`, `take_profit`: the entry's bracket, None for none.
    `confidence`: 0..1. `valid_for`: ms after which the stance lapses, None for never.

    Frozen, so one object may be yielded again and again; repeating a signal costs next to nothing. Two signals that
    differ in price, reason or metadata alone are the same signal said again. numpy's numbers become Python's.
    Raises `InvalidValue` for anything that could not be acted on (NaN above all).

    >>> Signal.buy("BTC/USDT", confidence=0.7, stop_loss=95.0, reason="breakout").action
    'buy'
    """

    symbol: str
    action: Action
    size: Decimal | float | None = None
    price: float | None = field(default=None, compare=False)
    stop_loss: float | None = None
    take_profit: float | None = None
    reason: str = field(default="", compare=False)
    metadata: Mapping[str, Any] = field(default_factory=lambda: NO_METADATA, compare=False)
    confidence: float = 1.0
    valid_for: int | None = None
    quantity: Decimal | float | None = None
    fraction: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.symbol, str):
            raise InvalidValue(f"a signal's symbol must be text, was {self.symbol!r}")
        if self.action not in ACTIONS:
            raise InvalidValue(f"signal for {self.symbol}: action {self.action!r} is not one of {', '.join(ACTIONS)}")
        if not isinstance(self.reason, str):
            raise InvalidValue(f"signal for {self.symbol}: reason must be text, was {self.reason!r}")
        if not 0.0 <= self.confidence <= 1.0:
            raise InvalidValue(f"signal for {self.symbol}: confidence must lie in 0..1, was {self.confidence}")
        for name in ("stop_loss", "take_profit", "size"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value > 0):
                raise InvalidValue(f"signal for {self.symbol}: {name} must be above 0 or None, was {value}")
        for name in ("quantity", "fraction", "price"):
            value = getattr(self, name)
            if value is not None and not isfinite(value):
                raise InvalidValue(f"signal for {self.symbol}: {name} must be finite, was {value}")
        for name in ("stop_loss", "take_profit", "size", "quantity", "fraction", "valid_for"):
            value = getattr(self, name)
            if value is not None and not -MOST < value < MOST:
                raise InvalidValue(f"signal for {self.symbol}: {name} must be less than {MOST:.0e}, was {value}")
        if self.valid_for is not None and self.valid_for <= 0:
            raise InvalidValue(f"signal for {self.symbol}: valid_for is ms above 0 or None, was {self.valid_for}")
        given = (self.quantity is not None) + (self.fraction is not None)
        if given != (1 if self.action == "target" else 0):
            raise InvalidValue(f"signal for {self.symbol}: a target takes quantity or fraction, no other action does")
        for name in ("size", "price", "stop_loss", "take_profit", "confidence", "quantity", "fraction"):
            value = getattr(self, name)
            if value is not None and type(value) not in PLAIN:
                object.__setattr__(self, name, plain(value))
        if self.valid_for is not None and type(self.valid_for) is not int:
            object.__setattr__(self, "valid_for", int(self.valid_for))

    @classmethod
    def buy(cls, symbol: str, **fields: Any) -> "Signal":
        """Be long."""
        return cls(symbol, "buy", **fields)

    @classmethod
    def short(cls, symbol: str, **fields: Any) -> "Signal":
        """Be short; refused on an instrument without margin."""
        return cls(symbol, "short", **fields)

    @classmethod
    def close(cls, symbol: str, **fields: Any) -> "Signal":
        """Be flat."""
        return cls(symbol, "close", **fields)

    @classmethod
    def target(
        cls, symbol: str, *, quantity: Decimal | float | None = None, fraction: float | None = None, **fields: Any
    ) -> "Signal":
        """Hold exactly `quantity` units, or `fraction` of the book's equity; negative is short."""
        return cls(symbol, "target", quantity=quantity, fraction=fraction, **fields)


def plain(value: Any) -> Decimal | float | int:
    """A number of another library's, numpy's above all, as Python's own."""
    return int(value) if isinstance(value, Integral) else value if isinstance(value, Decimal) else float(value)
