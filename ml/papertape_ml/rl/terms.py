"""On which terms a book trades in training, and where its episodes begin and end."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from papertape.contract.instrument import Instrument
from papertape_ml.errors import BadSettings
from papertape_ml.rl.acting import Acting

MAINTENANCE = Decimal("0.005")
"""Of a margin book: the fraction of notional at which it is liquidated, as instruments have it by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The rules of a book. `cash`: to begin with, quote currency; `fee`: of a taker, a fraction of notional; `lot`:
    quantity step in units; `min_notional`: the least that is ordered, quote currency. Raises `BadSettings`."""

    cash: Decimal = Decimal(1_000)
    fee: Decimal = Decimal("0.001")
    lot: Decimal = Decimal("0.00000001")
    min_notional: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        for name in ("cash", "fee", "lot", "min_notional"):
            value = getattr(self, name)
            if not isinstance(value, Decimal) or not value.is_finite():
                raise BadSettings(f"terms: {name} must be a finite Decimal, was {value!r}")
        if not self.cash > 0 or not self.lot > 0:
            raise BadSettings(f"terms: cash and lot must be above 0, were {self.cash} and {self.lot}")
        if not 0 <= self.fee < 1 or not self.min_notional >= 0:
            raise BadSettings(f"terms: fee must lie in 0..1 and min_notional from 0, were {self.fee} and "
                              f"{self.min_notional}")  # fmt: skip

    def instrument(self, symbol: str, quote: str, acting: Acting) -> Instrument:
        """The instrument that is traded: spot, or on margin where `acting` may go short."""
        return Instrument(symbol, quote, **self.fields(acting))  # type: ignore[arg-type]

    def fields(self, acting: Acting) -> dict[str, object]:
        """What of the instrument is not as instruments are by default."""
        margin: dict[str, object] = {}
        if acting.short:
            margin = {"kind": "margin", "leverage": Decimal(repr(acting.leverage)), "maintenance": MAINTENANCE}
        fees = {"maker": self.fee, "taker": self.fee}
        return {"lot": self.lot, "min_notional": self.min_notional, **fees, **margin}

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return {each.name: str(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """What `document` gave. Raises `BadSettings` for anything else."""
        names = {each.name for each in fields(cls)}
        if not isinstance(document, Mapping) or document.keys() != names:
            raise BadSettings(f"terms are said by {', '.join(sorted(names))}")
        try:
            return cls(**{name: Decimal(value) for name, value in document.items()})
        except (InvalidOperation, TypeError, ValueError) as wrong:
            if isinstance(wrong, BadSettings):
                raise
            raise BadSettings(f"terms are decimals as text, not {str(dict(document))[:200]}") from wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Where episodes begin and end. `length`: decisions in one, after which it is truncated; `ruin`: it terminates
    where equity has fallen to this share of the cash it began with; `first`, `last`: the candles (numbers in the
    course) among which all of it lies, `last` excluded, None for its end. Raises `BadSettings`."""

    length: int = 512
    ruin: float = 0.1
    first: int = 0
    last: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.length, int) or self.length < 1:
            raise BadSettings(f"episodes: length must be a whole number from 1, was {self.length!r}")
        if not 0.0 <= self.ruin < 1.0:
            raise BadSettings(f"episodes: ruin must lie in 0..1, was {self.ruin!r}")
        if self.first < 0 or (self.last is not None and self.last <= self.first):
            raise BadSettings(f"episodes: first must lie before last, were {self.first} and {self.last}")
