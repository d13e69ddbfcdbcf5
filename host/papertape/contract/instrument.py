"""Instruments: what may be traded, and the exchange's limits on it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias, get_args

from papertape.contract.errors import InvalidValue

ZERO = Decimal(0)
Kind: TypeAlias = Literal["spot", "margin", "perpetual"]


class Tier(NamedTuple):
    """A bracket of maintenance margin. `floor`: notional from which it holds, quote currency. `rate`: fraction of the
    whole notional, `deduction`: quote currency taken off that product (Binance's "maintenance amount")."""

    floor: Decimal
    rate: Decimal
    deduction: Decimal


@dataclass(frozen=True, slots=True)
class Instrument:
    """A tradable symbol and its rules.

    `tick`: price step in quote currency, 0 for none. `lot`: quantity step in units, above 0. `min_notional`: least
    price x quantity of an order, quote currency. `maker`, `taker`: fees as fractions of notional. `kind`: spot; margin,
    which allows short positions and leverage; or perpetual, which also pays funding (`margin` is then true, and
    `margin=True` alone means kind margin). `leverage` is the most gross exposure per unit of equity, and `maintenance`
    the fraction of notional below which equity is liquidated; `tiers`, where there are any, take its place: brackets
    of notional, the first from 0. `isolated`: whether each position has a margin of its own, notional / leverage, or
    all of a book stand for each other (cross). `liquidation_fee`: fraction of the liquidated notional, besides `taker`.
    `contract_size`: units in one contract, where the exchange counts contracts; quantities and `lot` here are in units.
    Contracts are linear: settled in the quote currency.
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
    kind: Kind = "spot"
    isolated: bool = False
    tiers: tuple[Tier, ...] = ()
    liquidation_fee: Decimal = ZERO
    contract_size: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        if not self.symbol or not self.symbol.isprintable():
            raise InvalidValue(f"instrument {self.symbol!r}: a symbol is printable text such as BTC/USDT")
        if self.kind not in get_args(Kind):
            raise InvalidValue(f"instrument {self.symbol}: kind must be {', '.join(get_args(Kind))}, was {self.kind!r}")
        if self.kind != "spot":
            object.__setattr__(self, "margin", True)
        elif self.margin:
            object.__setattr__(self, "kind", "margin")
        for name in (*_FRACTIONS, "tick", "lot", "min_notional", "leverage", "contract_size"):
            value = getattr(self, name)
            if not isinstance(value, Decimal):
                raise InvalidValue(f"instrument {self.symbol}: {name} must be a Decimal, was {value!r}")
        for name, least in (("tick", 0), ("min_notional", 0), *_FRACTIONS.items()):
            value = getattr(self, name)
            if not (value.is_finite() and value >= least):
                raise InvalidValue(
                    f"instrument {self.symbol}: {name} must be a finite number from {least}, was {value}"
                )
        for name in ("maintenance", "liquidation_fee"):
            if getattr(self, name) >= 1:
                raise InvalidValue(f"instrument {self.symbol}: {name} must be below 1, was {getattr(self, name)}")
        for name in ("lot", "contract_size"):
            value = getattr(self, name)
            if not (value.is_finite() and value > 0):
                raise InvalidValue(f"instrument {self.symbol}: {name} must be above 0, was {value}")
        if not (self.leverage.is_finite() and self.leverage >= 1):
            raise InvalidValue(f"instrument {self.symbol}: leverage must be 1 or more, was {self.leverage}")
        if not self.margin and self.leverage != 1:
            raise InvalidValue(f"instrument {self.symbol}: leverage {self.leverage} needs margin = true")
        if self.isolated and not self.margin:
            raise InvalidValue(f"instrument {self.symbol}: isolated margin needs kind margin or perpetual")
        self._check_tiers()

    def _check_tiers(self) -> None:
        if not self.tiers:
            return
        for tier in self.tiers:
            if not all(isinstance(value, Decimal) and value.is_finite() and value >= 0 for value in tier):
                raise InvalidValue(f"instrument {self.symbol}: a tier is three numbers from 0, was {tuple(tier)!r}")
            if tier.rate >= 1 or tier.deduction > tier.floor * tier.rate:
                raise InvalidValue(
                    f"instrument {self.symbol}: the tier from {tier.floor} needs a rate below 1 and a deduction that "
                    f"leaves its margin at 0 or more, was {tier.rate} and {tier.deduction}"
                )
        floors = [tier.floor for tier in self.tiers]
        if floors[0] != 0 or floors != sorted(set(floors)):
            raise InvalidValue(
                f"instrument {self.symbol}: the floors of tiers begin at 0 and rise, were {', '.join(map(str, floors))}"
            )


_FRACTIONS = {"maker": -1, "taker": -1, "maintenance": 0, "liquidation_fee": 0}


def quote_of(symbol: str, default: str) -> str:
    """The quote currency of a ccxt symbol; one without a slash is quoted in `default`.

    >>> quote_of("BTC/USDT", "USD"), quote_of("BTC/USDT:USDT", "USD"), quote_of("FESX", "EUR")
    ('USDT', 'USDT', 'EUR')
    """
    return symbol.rpartition("/")[2].partition(":")[0] if "/" in symbol else default


def settle_of(symbol: str) -> str | None:
    """The currency in which a ccxt symbol's contract is settled; None for one that is no contract.

    >>> settle_of("BTC/USDT:USDT"), settle_of("BTC/USD:BTC-251226"), settle_of("BTC/USDT"), settle_of("kraken:BTC/USD")
    ('USDT', 'BTC', None, None)
    """
    settle = symbol.rpartition("/")[2].partition(":")[2].partition("-")[0] if "/" in symbol else ""
    return settle or None
