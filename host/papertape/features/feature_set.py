"""Feature sets: an ordered list of features, and the hash that says what its numbers mean."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from papertape.contract.errors import ConfigError
from papertape.contract.feature import Kernel
from papertape.features.definition import definition_hash
from papertape.features.plan import plan, referred
from papertape.features.request import REFERENCE, Feature

FORM: Final = 2
"""Of what is hashed, and of the columns that steps see (`index`, `gain`, `span`): raised when one of them changes."""

REPAIR: Final = "range widened to hold open and close; volume that is not said is 0; first of doubles; bad rows absent"
"""How candles are mended before a feature sees them, wherever they come from."""


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Features in their order, and all that their numbers depend on besides the candles.

    `timeframe`: of the candles that come in. `universe`: the symbols in their order, which matter to families that look
    at all of them; `reference`: the symbol that REF stands for, by default the first; None where no name says REF.
    Raises `ConfigError` for a universe that lacks the reference or a symbol that a name speaks of.
    """

    features: tuple[Feature, ...]
    timeframe: str
    universe: tuple[str, ...] = ()
    reference: str | None = None
    repair: str = REPAIR

    def __post_init__(self) -> None:
        if self.panel and not self.universe:
            raise ConfigError("features that look at several symbols need the symbols, by name")
        if self.universe:
            plan([feature for feature in self.features if feature.family.panel], self.universe, self.reference)
        if not any(REFERENCE in feature.references for feature in self.features):
            object.__setattr__(self, "reference", None)

    @property
    def panel(self) -> bool:
        """Whether a value of one symbol depends on others."""
        return any(feature.family.panel for feature in self.features)

    @property
    def names(self) -> tuple[str, ...]:
        """As they were asked for."""
        return tuple(feature.asked for feature in self.features)

    @property
    def hash(self) -> str:
        """`sha256:...` over what the numbers mean: not over comments, the machine, or the names that were asked for."""
        text = json.dumps(self._meaning(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return f"sha256:{sha256(text.encode()).hexdigest()}"

    def document(self) -> dict[str, Any]:
        """JSON values: what is hashed, the hash, and the names that were asked for."""
        return {"hash": self.hash, "names": list(self.names), **self._meaning()}

    def _meaning(self) -> dict[str, Any]:
        """What is hashed: JSON values. The order of the features means something; so does that of the universe, since
        sums over all symbols are taken in it, and their last bits follow from it."""
        return {
            "form": FORM,
            "timeframe": self.timeframe,
            "repair": self.repair,
            "universe": list(self.universe) if self.panel else [],
            "features": [self._meaning_of(feature) for feature in self.features],
        }

    def _meaning_of(self, feature: Feature) -> dict[str, Any]:
        """What a feature's numbers follow from: reference symbols in full, the kernel, and the sizes beside it."""
        family = feature.family
        assert isinstance(family.step, Kernel)
        references = referred(feature, self.universe, self.reference)
        many = (len(self.universe),) if family.panel else ()
        return {
            "name": replace(feature, references=references).name.removesuffix(f"@{self.timeframe}"),
            "family": family.name,
            "version": family.version,
            "output": feature.place,
            "references": list(references),
            "parameters": [float(value) for value in feature.values],
            "definition": definition_hash(family.step),
            "memory": family.memory,
            "warmup": family.warmup(*many, *feature.values),
            "reach": family.reach(*many, *feature.values),
            "floats": family.floats(*many, *feature.values),
            "ints": family.ints(*many, *feature.values),
        }
