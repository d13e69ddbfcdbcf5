"""How the features of one timeframe are laid out in memory: which families step, and where everything lies."""

from collections.abc import Sequence
from dataclasses import dataclass

from papertape.contract.errors import ConfigError
from papertape.contract.feature import FeatureFamily
from papertape.features.request import REFERENCE, Feature


@dataclass(frozen=True, slots=True)
class Part:
    """A family in a plan. `parameters`: one row a variant; `offsets`: where each variant's floats and ints begin."""

    family: FeatureFamily
    parameters: tuple[tuple[float, ...], ...]
    warmups: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    floats: int  # of a symbol, or of all of them for a panel family
    ints: int
    first: int  # its first column among the outputs


@dataclass(frozen=True, slots=True)
class Plan:
    """The union of what is asked for in one timeframe, of one list of symbols.

    `columns`: where each feature stands in a symbol's outputs; `width`: how many there are; `reach`: candles that
    steps look back on, the newest included; `warmup`: candles before the last of the values is given.
    """

    symbols: tuple[str, ...]
    parts: tuple[Part, ...]
    columns: tuple[int, ...]
    width: int
    reach: int
    warmup: int


def plan(features: Sequence[Feature], symbols: Sequence[str], reference: str | None = None) -> Plan:
    """The plan for features of one timeframe. `reference`: the symbol that REF stands for, the first by default.

    Raises `ConfigError` where a reference symbol is not among `symbols`, whether or not a feature speaks of it.
    """
    if reference is not None:
        _slot(reference, symbols, "reference")
    families: dict[str, tuple[FeatureFamily, dict[tuple[float, ...], tuple[float, ...]]]] = {}
    placed: list[tuple[str, tuple[float, ...], int]] = []
    for feature in features:
        parameters = (*map(float, _slots(feature, symbols, reference)), *feature.values)
        _, variants = families.setdefault(feature.family.name, (feature.family, {}))
        variants[parameters] = feature.values
        placed.append((feature.family.name, parameters, feature.place))
    parts: dict[str, Part] = {}
    width, reach = 0, 2
    for name, (family, variants) in families.items():
        many = (len(symbols),) if family.panel else ()
        parts[name] = part = _part(family, variants, many, width)
        width += len(part.parameters) * len(family.outputs)
        reach = max([reach, *(family.reach(*many, *values) for values in variants.values())])
    columns = []
    for name, parameters, place in placed:
        part = parts[name]
        columns.append(part.first + part.parameters.index(parameters) * len(part.family.outputs) + place)
    warmup = max((warmup for part in parts.values() for warmup in part.warmups), default=0)
    return Plan(tuple(symbols), tuple(parts.values()), tuple(columns), width, reach, warmup)


def _part(
    family: FeatureFamily, variants: dict[tuple[float, ...], tuple[float, ...]], many: tuple[int, ...], first: int
) -> Part:
    floats = ints = 0
    offsets, warmups = [], []
    for values in variants.values():
        offsets.append((floats, ints))
        floats += family.floats(*many, *values)
        ints += family.ints(*many, *values)
        warmups.append(family.warmup(*many, *values))
    return Part(family, tuple(variants), tuple(warmups), tuple(offsets), floats, ints, first)


def referred(feature: Feature, symbols: Sequence[str], reference: str | None = None) -> tuple[str, ...]:
    """The symbols that the reference words in a feature's name stand for. Raises `ConfigError` as `plan` does."""
    return tuple(symbols[slot] for slot in _slots(feature, symbols, reference))


def _slots(feature: Feature, symbols: Sequence[str], reference: str | None) -> list[int]:
    """The places of the symbols that the reference words in a feature's name stand for."""
    if not feature.references:
        return []
    first = symbols[0] if reference is None else reference
    words = [first if word == REFERENCE else word for word in feature.references]
    return [_slot(word, symbols, f"feature {feature.asked!r}") for word in words]


def _slot(word: str, symbols: Sequence[str], whose: str) -> int:
    """The place of the symbol that a word stands for: all of it, or else its base."""
    lower = word.lower()
    whole = [slot for slot, symbol in enumerate(symbols) if lower == symbol.lower()]
    found = whole or [slot for slot, symbol in enumerate(symbols) if lower == _base(symbol)]
    if len(found) == 1:
        return found[0]
    what = f"more than one {word!r}" if found else f"no {word!r}"
    raise ConfigError(f"{whose}: there is {what} among the symbols {', '.join(symbols)}")


def _base(symbol: str) -> str:
    """btc of BTC/USDT, of BTC/USDT:USDT, and of binance:BTC/USDT."""
    return symbol.partition("/")[0].rpartition(":")[2].lower()
