"""Orders, cancels and fills as strategies see them."""

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from numbers import Real
from typing import Literal, TypeAlias

from papertape.contract.errors import InvalidValue
from papertape.contract.signal import MOST, PLAIN, plain

Side: TypeAlias = Literal["buy", "sell"]
OrderType: TypeAlias = Literal["market", "limit", "stop", "stop-limit", "trailing-stop"]
TimeInForce: TypeAlias = Literal["GTC", "IOC", "FOK", "GTT"]
SIDES: tuple[Side, ...] = ("buy", "sell")
ORDER_TYPES: tuple[OrderType, ...] = ("market", "limit", "stop", "stop-limit", "trailing-stop")
TIMES_IN_FORCE: tuple[TimeInForce, ...] = ("GTC", "IOC", "FOK", "GTT")
Number: TypeAlias = Decimal | float | int
LEAST = 1e-18
DIGITS = 36
"""An order's numbers have no more digits and are no smaller: products of longer ones would not be exact."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order that a strategy works itself. It passes the rules and the instrument's limits, never the sizer.

    `quantity`: units above 0. `price`: limit price (limit, stop-limit). `stop_price`: trigger (stop, stop-limit,
    trailing-stop where it is the first trigger; None = `trail` from the last close). `trail`: distance in quote
    currency that a trailing stop keeps. `expires`: ms UTC, needed by GTT alone. `reduce_only`: may only shrink the
    position. `group`: legs of one group, asked for in one batch, pass the checks or fall together. `tag`: text that
    comes back on the fill; name an order by it to cancel it.

    IOC fills what it can against the first candle it meets; FOK all of it or nothing. numpy's numbers become Python's.
    Raises `InvalidValue`.
    """

    symbol: str
    side: Side
    quantity: Number
    type: OrderType = "market"
    price: Number | None = None
    stop_price: Number | None = None
    trail: Number | None = None
    time_in_force: TimeInForce = "GTC"
    expires: int | None = None
    reduce_only: bool = False
    group: str | None = None
    tag: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.symbol, str):
            raise InvalidValue(f"an order's symbol must be text, was {self.symbol!r}")
        if self.side not in SIDES:
            raise InvalidValue(f"order for {self.symbol}: side must be buy or sell, was {self.side!r}")
        if self.type not in ORDER_TYPES:
            raise InvalidValue(f"order for {self.symbol}: type {self.type!r} is not one of {', '.join(ORDER_TYPES)}")
        if self.time_in_force not in TIMES_IN_FORCE:
            raise InvalidValue(
                f"order for {self.symbol}: time_in_force {self.time_in_force!r} is not one of "
                f"{', '.join(TIMES_IN_FORCE)}"
            )
        self._positive("quantity")
        self._require("price", self.type in ("limit", "stop-limit"))
        self._require("trail", self.type == "trailing-stop")
        if self.type == "trailing-stop":
            self._positive("stop_price")
        else:
            self._require("stop_price", self.type in ("stop", "stop-limit"))
        for name in ("group", "tag"):
            value = getattr(self, name)
            if not (value is None or isinstance(value, str)):
                raise InvalidValue(f"order for {self.symbol}: {name} must be text or None, was {value!r}")
        if (self.expires is not None) != (self.time_in_force == "GTT"):
            raise InvalidValue(f"order for {self.symbol}: expires goes with GTT, and GTT with expires")
        if self.expires is not None and not (isinstance(self.expires, Real) and 0 <= self.expires < MOST):
            raise InvalidValue(f"order for {self.symbol}: expires is a time in ms UTC, was {self.expires!r}")
        if self.expires is not None:
            object.__setattr__(self, "expires", int(self.expires))
        object.__setattr__(self, "reduce_only", bool(self.reduce_only))

    def _require(self, name: str, needed: bool) -> None:
        if (getattr(self, name) is not None) != needed:
            verb = "needs" if needed else "takes no"
            raise InvalidValue(f"order for {self.symbol}: a {self.type} order {verb} {name}")
        self._positive(name)

    def _positive(self, name: str) -> None:
        value = getattr(self, name)
        if value is not None and not (isfinite(value) and value > 0):
            raise InvalidValue(f"order for {self.symbol}: {name} must be above 0, was {value}")
        if value is not None and not LEAST <= value < MOST:
            raise InvalidValue(f"order for {self.symbol}: {name} must lie in {LEAST:.0e}..{MOST:.0e}, was {value}")
        if isinstance(value, Decimal) and len(value.as_tuple().digits) > DIGITS:
            raise InvalidValue(f"order for {self.symbol}: {name} may have {DIGITS} digits, was {value}")
        if value is not None and type(value) not in PLAIN:
            object.__setattr__(self, name, plain(value))


@dataclass(frozen=True, slots=True)
class Cancel:
    """Withdraws this book's working orders named `order`: an order's id, or the `tag` of an `OrderRequest`."""

    order: int | str


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution in a book.

    `at`: ms UTC, the open of the candle for a fill at its open, else its close. `quantity`: units above 0. `price`:
    quote currency, after slippage and tick. `fee`: quote currency. `position`: units held after it, signed.
    `role`: entry, exit, stop-loss, take-profit, request or liquidation. `tag`: of the request.
    """

    order: int
    at: int
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    position: Decimal
    role: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order of this book that waits in the broker; `remaining` in units."""

    id: int
    symbol: str
    side: Side
    type: OrderType
    remaining: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    role: str
    tag: str | None
