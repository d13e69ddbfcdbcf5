"""What a label is: its kind and numbers, read from words such as `triple-barrier:1.5%,3%,24h`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from papertape.contract.errors import InvalidValue

Kind: TypeAlias = Literal["direction", "triple-barrier", "tp-before-sl", "act", "range"]
Side: TypeAlias = Literal["long", "short", "either"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
CLASSES: Final[dict[Kind, tuple[str, ...]]] = {
    "direction": ("down", "neutral", "up"),
    "triple-barrier": ("stop", "time", "target"),
    "tp-before-sl": ("no", "yes"),
    "act": ("no", "yes"),
    "range": (),
}
"""What the numbers of `y` mean, from 0 on; none for a label that is a quantity."""

FEE_BPS: Final = 10.0
"""Of a taker, one way, basis points of notional: what a session takes where nothing else is known."""

_LENGTHS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DISTANCE: Final = ("%", "atr", "vol", "fees")
_BRACKET: Final = re.compile(r"SL(?P<stop>[\d.]+[a-z%]*)_TP(?P<target>[\d.]+[a-z%]*)_H(?P<horizon>[\d.]+[a-z]*)")
_USAGE: Final = {
    "direction": "direction:H[,H...][,band=DISTANCE]",
    "triple-barrier": "triple-barrier:SL,TP,H or SL0.5_TP0.5_H1.5",
    "tp-before-sl": "tp-before-sl:SL,TP,H",
    "act": "act:H or act:SL,TP,H",
    "range": "range:N[,N...]",
}


@dataclass(frozen=True, slots=True)
class Horizon:
    """A length of wall time. `unit`: `m`, `h`, `d`, or `c` for so many candles' length."""

    amount: float
    unit: str = "h"

    def ms(self, period: int) -> int:
        """In ms, rounded; `period`: of a candle, ms."""
        return round(self.amount * (period if self.unit == "c" else _LENGTHS[self.unit]))

    def __str__(self) -> str:
        return f"{self.amount:.15g}{self.unit}"


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a price is from the entry. `unit`: `%` of the entry; `atr`, average true ranges (`atr_14`) at the
    decision; `vol`, standard deviations of the way that a random walk makes in the horizon, of `volatility_100` at the
    decision; `fees`, times what entering and leaving costs."""

    amount: float
    unit: str = "%"

    def __str__(self) -> str:
        return f"{self.amount:.15g}{self.unit}"


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """A label's definition. `stop`, `target`: of the kinds that have a bracket; `band`: what is neutral, of
    `direction`; `fee_bps`: of a taker, one way, in profits and in what is worth acting."""

    kind: Kind
    horizons: tuple[Horizon, ...]
    stop: Distance | None = None
    target: Distance | None = None
    band: Distance | None = None
    side: Side = "long"
    fee_bps: float = FEE_BPS

    @property
    def classes(self) -> tuple[str, ...]:
        """What the numbers of `y` mean, from 0 on; none for a quantity."""
        return CLASSES[self.kind]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of `y`."""
        if self.kind == "range":
            return tuple(f"{end}_{horizon}" for horizon in self.horizons for end in ("high", "low"))
        if len(self.horizons) > 1:
            return tuple(f"{self.kind}_{horizon}" for horizon in self.horizons)
        return (self.kind,)

    def horizon(self, period: int) -> int:
        """The longest horizon in ms. Raises `InvalidValue` for one that is shorter than a candle."""
        for each in self.horizons:
            if each.ms(period) < period:
                raise InvalidValue(f"label {str(self)!r}: a horizon of {each} is shorter than a candle")
        return max(each.ms(period) for each in self.horizons)

    def __str__(self) -> str:
        """In full; `parse` makes the same of it."""
        bracket = [] if self.stop is None or self.target is None else [str(self.stop), str(self.target)]
        options = [] if self.band is None else [f"band={self.band}"]
        if self.kind in ("triple-barrier", "tp-before-sl", "act"):
            options.append(f"side={self.side}")
        if self.kind != "range":
            options.append(f"fee={self.fee_bps:.15g}")
        return f"{self.kind}:" + ",".join([*bracket, *map(str, self.horizons), *options])

    def document(self) -> dict[str, Any]:
        """JSON values: the definition, and what the columns and numbers of `y` mean."""
        return {"definition": str(self), "outputs": list(self.outputs), "classes": list(self.classes)}


def parse(text: str) -> LabelSpec:
    """The label that words ask for. Raises `InvalidValue` that says what would do.

    A horizon is a number with `m`, `h`, `d`, or `c` for candles; hours where nothing is said, candles for `range`. A
    distance is a number with `%`, `atr`, `vol` or `fees`; percent of the entry where nothing is said.

    >>> str(parse("SL0.5_TP0.5_H1.5"))
    'triple-barrier:0.5%,0.5%,1.5h,side=long,fee=10'
    >>> parse("range:6,18").outputs
    ('high_6c', 'low_6c', 'high_18c', 'low_18c')
    """
    name, _, rest = text.strip().partition(":")
    if not rest and _BRACKET.fullmatch(name):
        name, rest = "triple-barrier", name
    if name not in KINDS:
        raise InvalidValue(f"no label {text!r}; write " + ", ".join(_USAGE[kind] for kind in KINDS))
    kind = name
    words = [word.strip() for word in rest.split(",")]
    given = [word for word in words if "=" not in word]
    if len(given) == 1 and (found := _BRACKET.fullmatch(given[0])):
        given = [found["stop"], found["target"], found["horizon"]]
    spec = _spec(text, kind, [word for word in given if word])
    for word in words:
        if "=" in word:
            spec = _option(text, spec, *word.split("=", 1))
    below = {"long": [spec.stop], "short": [spec.target], "either": [spec.stop, spec.target]}[spec.side]
    if any(each is not None and each.unit == "%" and each.amount >= 100 for each in below):
        raise InvalidValue(f"label {text!r}: a leg below the entry must be below 100%")
    return spec


def _spec(text: str, kind: Kind, given: Sequence[str]) -> LabelSpec:
    lengths = ("m", "h", "d", "c")
    if kind in ("direction", "range"):
        if not given:
            raise _wrong(text, kind)
        unit = "c" if kind == "range" else "h"
        horizons = tuple(Horizon(*_number(text, word, lengths, unit)) for word in given)
        if len(set(horizons)) < len(horizons):
            raise InvalidValue(f"label {text!r}: a horizon comes twice")
        return LabelSpec(kind, horizons, band=Distance(0.5, "vol") if kind == "direction" else None)
    if len(given) != 3 and not (kind == "act" and len(given) == 1):
        raise _wrong(text, kind)
    horizon = Horizon(*_number(text, given[-1], lengths, "h"))
    side: Side = "either" if kind == "act" else "long"
    if len(given) == 1:
        return LabelSpec(kind, (horizon,), side=side)
    stop, target = (Distance(*_number(text, word, _DISTANCE, "%")) for word in given[:2])
    return LabelSpec(kind, (horizon,), stop, target, side=side)


def _option(text: str, spec: LabelSpec, key: str, value: str) -> LabelSpec:
    sides = ("long", "short", "either") if spec.kind == "act" else ("long", "short")
    if key == "band" and spec.band is not None:
        return replace(spec, band=Distance(*_number(text, value, _DISTANCE, "%", least=0.0)))
    if key == "side" and value in sides and spec.kind in ("triple-barrier", "tp-before-sl", "act"):
        return replace(spec, side=cast(Side, value))
    if key == "fee" and spec.kind != "range":
        return replace(spec, fee_bps=_number(text, value, ("bps",), "bps", least=0.0)[0])
    raise InvalidValue(f"label {text!r}: no option {key}={value} here; write {_USAGE[spec.kind]}")


def _number(text: str, word: str, units: Sequence[str], unit: str, least: float | None = None) -> tuple[float, str]:
    """Number and unit of a word; above 0, or from `least` on."""
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)([a-z%]*)", word)
    if not found or (found[2] or unit) not in units:
        raise InvalidValue(f"label {text!r}: {word!r} is no number with one of {', '.join(units)}")
    amount = float(found[1])
    if not (amount > 0 if least is None else amount >= least) or amount > 1e6:
        raise InvalidValue(f"label {text!r}: {word!r} must be above 0 and at most 1000000")
    return amount, found[2] or unit


def _wrong(text: str, kind: Kind) -> InvalidValue:
    return InvalidValue(f"label {text!r}: write {_USAGE[kind]}, such as {_EXAMPLES[kind]}")


_EXAMPLES: Final = {
    "direction": "direction:6",
    "triple-barrier": "triple-barrier:1.5,3,24",
    "tp-before-sl": "tp-before-sl:1.5,3,24",
    "act": "act:6",
    "range": "range:6,18,36,72",
}
