"""Instruments: what may be traded, and the exchange's limits on it."""

from dataclasses import dataclass
from decimal import Decimal

from papertape.contract.errors import InvalidValue

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A tradable symbol and its rules.

    `tick`: price step in quote currency, 0 for none. `lot`: quantity step in units, above 0. `min_notional`: least
    price x quantity of an order, quote currency. `maker`, `taker`: fees as fractions of notional. `margin`: whether
    short positions and leverage are allowed; `leverage` is the most gross exposure per unit of equity, and
    `maintenance` the fraction of notional below which equity is liquidated.
    """

    symbol: str
    quote: str
    tick: Decimal = ZERO
    lot: Decimal = Decimal("0.00000001")
    min_notional: Decimal = ZERO
    maker: Decimal = Decimal("0.001")
    taker: Decimal = Decimal("0.001")
    margin: bool = False
    leverage: Decimal = Decimal(1)
    maintenance: Decimal = Decimal("0.005")

    def __post_init__(self) -> None:
        if not self.symbol or not self.symbol.isprintable():
            raise InvalidValue(f"instrument {self.symbol!r}: a symbol is printable text such as BTC/USDT")
        for name in ("tick", "lot", "min_notional", "maker", "taker", "leverage", "maintenance"):
            value = getattr(self, name)
            if not isinstance(value, Decimal):
                raise InvalidValue(f"instrument {self.symbol}: {name} must be a Decimal, was {value!r}")
        for name, least in (("tick", 0), ("min_notional", 0), ("maker", -1), ("taker", -1), ("maintenance", 0)):
            value = getattr(self, name)
            if not (value.is_finite() and value >= least):
                raise InvalidValue(
                    f"instrument {self.symbol}: {name} must be a finite number from {least}, was {value}"
                )
        if self.maintenance >= 1:
            raise InvalidValue(f"instrument {self.symbol}: maintenance must be below 1, was {self.maintenance}")
        if not (self.lot.is_finite() and self.lot > 0):
            raise InvalidValue(f"instrument {self.symbol}: lot must be above 0, was {self.lot}")
        if not (self.leverage.is_finite() and self.leverage >= 1):
            raise InvalidValue(f"instrument {self.symbol}: leverage must be 1 or more, was {self.leverage}")
        if not self.margin and self.leverage != 1:
            raise InvalidValue(f"instrument {self.symbol}: leverage {self.leverage} needs margin = true")


def quote_of(symbol: str, default: str) -> str:
    """The quote currency of a ccxt symbol; one without a slash is quoted in `default`.

    >>> quote_of("BTC/USDT", "USD"), quote_of("BTC/USDT:USDT", "USD"), quote_of("FESX", "EUR")
    ('USDT', 'USDT', 'EUR')
    """
    return symbol.rpartition("/")[2].partition(":")[0] if "/" in symbol else default
