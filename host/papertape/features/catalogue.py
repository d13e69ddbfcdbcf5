"""The catalogue: feature families by name, and which feature a name means."""

import math
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from papertape.contract.errors import ConfigError, InvalidValue, PluginError, UnknownComponent
from papertape.contract.feature import FeatureFamily
from papertape.features.external import EXTERNAL
from papertape.features.request import REFERENCE, Feature
from papertape.market.timeframe import period


class Catalogue:
    """Families that are known, each output name and alias once for the same number of reference symbols.

    `left_out`: what a plugin offers and is not in order, a line each.
    """

    def __init__(self, families: Iterable[FeatureFamily] = ()) -> None:
        self.families: dict[str, FeatureFamily] = {}
        self.left_out: list[str] = []
        self._outputs: dict[tuple[str, int], tuple[FeatureFamily, int]] = {}
        self._aliases: dict[str, str] = {}
        for family in families:
            self.add(family)

    def add(self, family: FeatureFamily) -> None:
        """Takes in a family; raises `PluginError` where it is not in order or a name is taken."""
        if not isinstance(family, FeatureFamily):
            raise PluginError(f"a feature family must be a FeatureFamily, was a {type(family).__name__}")
        try:
            family.fit()
        except ConfigError as error:
            raise PluginError(str(error)) from None
        if family.name in self.families:
            raise PluginError(f"feature family {family.name!r} is there already; choose another name")
        for output in family.outputs:
            known = self._outputs.get((output.name, family.references))
            if known is not None or output.name in self._aliases:
                raise self._taken(family, "output", output.name)
        for alias in family.aliases:
            if self._meant(alias) is not None:
                raise self._taken(family, "alias", alias)
        for place, output in enumerate(family.outputs):
            self._outputs[output.name, family.references] = (family, place)
        self.families[family.name] = family
        self._aliases.update(family.aliases)

    def _taken(self, family: FeatureFamily, what: str, name: str) -> PluginError:
        found = self._meant(name)
        owner = "another" if found is None else repr(found[0].name)
        return PluginError(
            f"feature family {family.name!r}: {what} {name!r} is one of {owner} already; choose another name"
        )

    def find(self, asked: str) -> Feature:
        """The feature that a name means. Raises `UnknownComponent` or, for bad parameters, `ConfigError`."""
        base, at, timeframe = asked.partition("@")
        if at:
            try:
                period(timeframe)
            except InvalidValue as error:
                raise ConfigError(f"feature {asked!r}: {error}") from None
        found = self._meant(base)
        if found is None:
            raise self._unknown(asked, base)
        family, place, references, numbers = found
        if timeframe and family.category == EXTERNAL:
            raise ConfigError(f"feature {asked!r}: an external series has no timeframe; ask for {base}")
        return Feature(asked, family, place, family.checked(numbers, asked), references, timeframe or None)

    def _meant(self, base: str) -> tuple[FeatureFamily, int, tuple[str, ...], list[float]] | None:
        """The family, the output's place in it, the reference symbols and the numbers that a name stands for."""
        words = self._aliases.get(base, base).split("_")
        for cut in range(len(words), 0, -1):
            rest = words[cut:]
            references = [word for word in rest if _number(word) is None]
            known = self._outputs.get(("_".join(words[:cut]), len(references)))
            if known is not None and references == rest[: len(references)]:
                numbers = [number for word in rest[len(references) :] if (number := _number(word)) is not None]
                return *known, tuple(map(_reference, references)), numbers
        return None

    def _unknown(self, asked: str, base: str) -> UnknownComponent:
        names = sorted({name for name, _ in self._outputs} | set(self._aliases))
        near = get_close_matches("_".join(word for word in base.split("_") if _number(word) is None), names, 3)
        hint = f"did you mean {', '.join(near)}? " if near else ""
        if (base.rstrip("0123456789_"), 1) in self._outputs:
            hint = f"it looks at another symbol, as {base.rstrip('0123456789_')}_REF or with a symbol for REF; "
        if self._meant(base.lower()) is not None:
            hint = f"did you mean {base.lower()}? "
        lost = "".join(f" (left out: {line})" for line in self.left_out)
        return UnknownComponent(f"no feature {asked!r}; {hint}`papertape features list` shows them{lost}")

    def select(self, names: Sequence[str]) -> tuple[Feature, ...]:
        """The features of names, in their order; raises what `find` does, and `ConfigError` where one comes twice."""
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ConfigError(f"feature {twice!r} is asked for twice")
        return tuple(self.find(name) for name in names)

    def listed(self) -> Iterator[Feature]:
        """Every feature of the catalogue, family by family, under each of its parameters."""
        for family in self.families.values():
            for values in family.variants:
                full = family.checked(values, family.name)
                for place in range(len(family.outputs)):
                    feature = Feature("", family, place, full, (REFERENCE,) * family.references)
                    yield Feature(feature.name, family, place, full, feature.references)


def _number(word: str) -> float | None:
    try:
        number = float(word) if word[:1].isdigit() else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _reference(word: str) -> str:
    return word if word == REFERENCE else word.lower()
