"""A session's configuration: what the session file and the command line say, checked, frozen, and fit for the tape."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from papertape.broker.money import plain
from papertape.contract.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}")
_NAMES = "up to 64 letters, digits, spaces, dots and dashes"


@dataclass(frozen=True, slots=True)
class Spec:
    """A component by its registered name (or a path to a .py file), its parameters, and the name of its book."""

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None

    def document(self) -> dict[str, Any]:
        """As the tape keeps it."""
        return {"kind": self.kind, "params": dict(self.params)} | ({"name": self.name} if self.name else {})


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Everything that decides what a session does, besides its tape. Keys of a session file are these names.

    `cash`: per book, quote currency. `fee_bps`: maker and taker fee, None for those that the feed knows, or 10.
    `slippage`: a slippage model. `instruments`: by symbol, fields of `papertape.Instrument`. `quote`: currency
    of the books, None to take the symbols'. `participation`: fraction of a candle's volume one book may take, None for
    no limit. `touch`: limits fill on a touch. `latency`: ms from a decision to its orders' effect, or "measured": as
    long as the plugin took to decide. `max_errors`: errors in a row that quarantine a plugin. `stale_after`: timeframes
    after which a symbol without a candle is stale, None for never. `bars`: batches after which the session finishes,
    None for all. `reference`: the symbol that features compare with where they name REF, None for the first.
    `external`: series from elsewhere, each under the name that features know it by. `models`: the store of models that
    components ask for. `allow_demote`: whether a live session takes an alias one step back in that store when the
    version before has done better.
    """

    feed: Spec = Spec("sim")
    cash: Decimal = Decimal(10_000)
    fee_bps: Decimal | None = None
    slippage: Spec = Spec("none")
    fees: Spec = Spec("instrument")
    sizer: Spec = Spec("fixed-fraction")
    risk: tuple[Spec, ...] = ()
    strategies: tuple[Spec, ...] = ()
    fusion: tuple[Spec, ...] = ()
    seed: int = 7
    instruments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    quote: str | None = None
    participation: Decimal | None = None
    touch: bool = False
    latency: int | Literal["measured"] = 0
    max_errors: int = 5
    stale_after: int | None = None
    bars: int | None = None
    reference: str | None = None
    external: tuple[Spec, ...] = ()
    models: Spec = Spec("registry")
    allow_demote: bool = False

    def document(self) -> dict[str, Any]:
        """JSON values from which `read_config` makes an equal configuration."""
        found: dict[str, Any] = {}
        for key in fields(self):
            value = getattr(self, key.name)
            if isinstance(value, Spec):
                value = value.document()
            elif isinstance(value, tuple):
                value = [spec.document() for spec in value]
            elif isinstance(value, Decimal):
                value = plain(value)
            elif isinstance(value, Mapping):
                value = {symbol: dict(rules) for symbol, rules in value.items()}
            found[key.name] = value
        return found


def read_config(document: Mapping[str, Any], base: SessionConfig = SessionConfig()) -> SessionConfig:  # frozen
    """`base` with the keys of `document` (a parsed session file) put over it. Raises `ConfigError` naming the key."""
    changes: dict[str, Any] = {}
    for key, value in document.items():
        reader = _READERS.get(key)
        if reader is None:
            raise ConfigError(f"session file: no key {key!r}; {_nearest(key, _READERS)}")
        changes[key] = reader(key, value)
    return replace(base, **changes)


def parse_spec(text: str) -> Spec:
    """A component as the command line writes it: `NAME[:k=v,...]`; a dot in a key makes a table, `name=` names a book.

    >>> parse_spec("weighted-vote:threshold=0.6,weights.macd=2")
    Spec(kind='weighted-vote', params={'threshold': '0.6', 'weights': {'macd': 2.0}}, name=None)
    """
    file, is_file, rest = text.partition(".py:") if ".py:" in text else (text, "", "")
    kind = f"{file}.py" if is_file else text
    if not kind.endswith(".py"):
        kind, _, rest = text.partition(":")
    params: dict[str, Any] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not (equals and key.strip()):
            raise ConfigError(f"{text!r}: {part!r} is not key=value; write NAME:key=value,key=value")
        table, dot, inner = key.strip().partition(".")
        held = params.setdefault(table, {}) if dot else params
        if not isinstance(held, dict) or (inner or table) in held:
            raise ConfigError(f"{text!r}: {key.strip()} is given twice")
        held[inner or table] = _number_or_text(value) if dot else value
    return _spec("--", kind.strip(), params)


def unique_names(specs: tuple[Spec, ...], taken: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the books: as asked, or after the component, then -2, -3. Raises `ConfigError` for one given twice."""
    names: list[str] = list(taken)
    asked = [spec.name for spec in specs if spec.name]
    for name in asked:
        if asked.count(name) > 1 or name in taken:
            raise ConfigError(f"two books are named {name!r}; give each a name of its own (name=...)")
    for spec in specs:
        stem = spec.name or (Path(spec.kind).stem if spec.kind.endswith(".py") else spec.kind)
        if not _NAME.fullmatch(stem):
            raise ConfigError(f"{stem!r} cannot name a book: give it a name (name=...) of {_NAMES}")
        name, number = stem, 1
        while name in names or (name != spec.name and name in asked):
            number += 1
            name = f"{stem}-{number}"
        names.append(name)
    return tuple(names[len(taken) :])


def _spec(key: str, kind: object, params: Mapping[str, Any]) -> Spec:
    if not isinstance(kind, str) or not kind:
        raise ConfigError(f"{key}: a component is named by text, was {kind!r}")
    rest = dict(params)
    name = rest.pop("name", None)
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ConfigError(f"{key}: name {name!r} cannot name a book; use {_NAMES}")
    return Spec(kind, rest, name)


def _read_spec(key: str, value: object) -> Spec:
    if isinstance(value, str):
        return parse_spec(value)
    if isinstance(value, Mapping) and "kind" in value:
        if not isinstance(value.get("params", {}), Mapping):
            raise ConfigError(f"{key}: params must be a table, was {value['params']!r}")
        rest = {name: given for name, given in value.items() if name not in ("kind", "params")}
        return _spec(key, value["kind"], {**value.get("params", {}), **rest})
    raise ConfigError(f"{key}: a component is a name or a table with `kind`, was {value!r}")


def _read_specs(key: str, value: object) -> tuple[Spec, ...]:
    if isinstance(value, list):
        return tuple(_read_spec(f"{key}[{number}]", item) for number, item in enumerate(value))
    return (_read_spec(key, value),)


def _whole(least: int) -> Callable[[str, object], int]:
    def read(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigError(f"{key} must be a whole number from {least}, was {value!r}")
        if value >= 2**63:
            raise ConfigError(f"{key} must be below 2**63, was {value!r}")
        return value

    return read


def _amount(least: Decimal, above: bool = False) -> Callable[[str, object], Decimal]:
    def read(key: str, value: object) -> Decimal:
        try:
            amount = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
        except InvalidOperation:
            amount = Decimal("NaN")
        if not (amount.is_finite() and (amount > least if above else amount >= least)):
            raise ConfigError(f"{key} must be a number {'above' if above else 'from'} {least}, was {value}")
        return amount

    return read


def _optional(read: Callable[[str, object], Any]) -> Callable[[str, object], Any]:
    return lambda key, value: None if value is None else read(key, value)


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{key} must be true or false, was {value!r}")
    return value


def _currency(key: str, value: object) -> str:
    if not (isinstance(value, str) and value.isalnum()):
        raise ConfigError(f"{key} must be a currency code such as USDT, was {value!r}")
    return value


def _symbol(key: str, value: object) -> str:
    if not (isinstance(value, str) and value):
        raise ConfigError(f"{key} must be a symbol such as BTC/USDT, was {value!r}")
    return value


def _latency(key: str, value: object) -> int | Literal["measured"]:
    if value == "measured":
        return "measured"
    if isinstance(value, str):
        raise ConfigError(f'{key} must be a number of ms, or "measured", was {value!r}')
    return _whole(0)(key, value)


def _instruments(key: str, value: object) -> Mapping[str, Mapping[str, Any]]:
    if not (isinstance(value, Mapping) and all(isinstance(rules, Mapping) for rules in value.values())):
        raise ConfigError(f'{key}: write a table per symbol, such as instruments."BTC/USDT" = {{ tick = 0.01 }}')
    return {symbol: {name: _as_text(given) for name, given in rules.items()} for symbol, rules in value.items()}


def _as_text(given: object) -> object:
    """Numbers as text, which JSON keeps exactly; lists (of tiers) stay lists."""
    return [_as_text(item) for item in given] if isinstance(given, (list, tuple)) else str(given)


def _number_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def _nearest(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"there is {', '.join(known)}"


_ZERO = Decimal(0)
_READERS: dict[str, Callable[[str, Any], Any]] = {
    "feed": _read_spec,
    "cash": _amount(_ZERO, above=True),
    "fee_bps": _optional(_amount(_ZERO)),
    "slippage": _read_spec,
    "fees": _read_spec,
    "sizer": _read_spec,
    "risk": _read_specs,
    "strategies": _read_specs,
    "fusion": _read_specs,
    "seed": _whole(0),
    "instruments": _instruments,
    "quote": _optional(_currency),
    "participation": _optional(_amount(_ZERO, above=True)),
    "touch": _flag,
    "latency": _latency,
    "max_errors": _whole(1),
    "stale_after": _optional(_whole(1)),
    "bars": _optional(_whole(1)),
    "reference": _optional(_symbol),
    "external": _read_specs,
    "models": _read_spec,
    "allow_demote": _flag,
}
