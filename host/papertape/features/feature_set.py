"""Feature sets: an ordered list of features, and the hash that says what its numbers mean."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from papertape.contract.errors import ConfigError
from papertape.contract.feature import Kernel
from papertape.features.definition import definition_hash
from papertape.features.plan import plan
from papertape.features.request import Feature

FORM: Final = 1
"""Of what is hashed, and of the columns that steps see (`index`, `gain`, `span`): raised when one of them changes."""

REPAIR: Final = "range widened to hold open and close; volume that is not said is 0; first of doubles; bad rows absent"
"""How candles are mended before a feature sees them, wherever they come from."""


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Features in their order, and all that their numbers depend on besides the candles.

    `timeframe`: of the candles that come in. `universe`: the symbols, which matter to families that look at all of
    them; `reference`: the symbol that REF stands for, by default the first. Raises `ConfigError` for a universe that
    lacks a symbol that a name speaks of.
    """

    features: tuple[Feature, ...]
    timeframe: str
    universe: tuple[str, ...] = ()
    reference: str | None = None
    repair: str = REPAIR

    def __post_init__(self) -> None:
        if self.panel:
            if not self.universe:
                raise ConfigError("features that look at several symbols need the symbols, by name")
            plan([feature for feature in self.features if feature.family.panel], self.universe, self.reference)

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
        """What is hashed: JSON values. The order of the universe means nothing, that of the features does."""
        panel = self.panel
        return {
            "form": FORM,
            "timeframe": self.timeframe,
            "repair": self.repair,
            "universe": sorted(self.universe) if panel else [],
            "reference": (self.reference or self.universe[0]) if panel else None,
            "features": [_meaning(feature, self.timeframe) for feature in self.features],
        }


def _meaning(feature: Feature, timeframe: str) -> dict[str, Any]:
    step = feature.family.step
    assert isinstance(step, Kernel)
    return {
        "name": feature.name.removesuffix(f"@{timeframe}"),
        "family": feature.family.name,
        "version": feature.family.version,
        "output": feature.place,
        "parameters": [float(value) for value in feature.values],
        "definition": definition_hash(step),
    }
