"""A version of a registry as a session uses it: loaded, held against its golden rows, then a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from papertape.contract.candle import Floats
from papertape.contract.errors import InvalidValue
from papertape.contract.model import Claim, ModelPin
from papertape_ml.errors import BadModel
from papertape_ml.labels import parse
from papertape_ml.models.contract import Model, ModelContract
from papertape_ml.models.golden import Golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.networks.windows import flattened
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.protocol import Version
from papertape_ml.serving.claims import Found, claims_of
from papertape_ml.serving.outcomes import Outcomes
from papertape_ml.serving.verdicts import Verdicts

COMPONENT_FED: Final = ("rl", "sizer", "stacking")
"""Kinds whose inputs the component brings that asks."""


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """`papertape.LoadedModel` over a version; `served` makes it.

    `inputs`: the features in their order, or what the asking component brings. `judged`: what finds out about each of
    its `claims`.
    """

    pin: ModelPin
    model: Model
    features: tuple[str, ...]
    feature_set_hash: str
    window: int
    inputs: tuple[str, ...]
    judged: Mapping[Claim, Found]
    lookback: int

    @property
    def kind(self) -> str:
        return self.model.kind

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.model.contract.outputs

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(self.judged)

    def predict(self, rows: Floats) -> Floats:
        """As `LoadedModel.predict`. A window is read oldest candle first, and in it the features in their order."""
        return self.model.predict(rows.reshape(len(rows), -1))

    def outcome(self, claim: Claim, candles: Floats, at: int) -> tuple[float, ...] | None:
        """As `LoadedModel.outcome`; of probabilities, the place of what happened among the claim's outputs."""
        return self.judged[claim](candles, at)


def served(version: Version, verdicts: Verdicts) -> Served:
    """The model of a checked version. What was imported is parsed first in a child process, once.

    Raises `BadModel` kinds, which name the version, where the files are no such model, where it does not reproduce its
    golden rows, or where its manifest does not say what a session must know; `MissingExtra` where a library is absent.
    """
    pin = ModelPin(version.row.name, version.row.version, version.row.checksum)
    try:
        if version.row.imported:
            verdicts.admit(version)
        return _served(pin, version.manifest, dict(version.files))
    except BadModel as error:
        raise type(error)(f"{pin} cannot be served: {error}") from error


def _served(pin: ModelPin, manifest: Manifest, files: dict[str, bytes]) -> Served:
    model = load(manifest.kind, files)
    said = ModelContract(manifest.contract.inputs, manifest.contract.outputs, manifest.contract.dtype)
    if model.contract != said:
        raise BadModel("its files and its manifest do not agree about what it reads and says")
    reproduces(model, Golden.from_document(manifest.golden.rows()))
    if model.kind in COMPONENT_FED:
        meant = "" if model.kind == "stacking" else manifest.feature_set_hash
        return Served(pin, model, (), meant, 1, model.contract.inputs, {}, 1)
    features, window = _read_by(model, manifest)
    judged, lookback = _judged(model, manifest)
    return Served(pin, model, features, manifest.feature_set_hash, window, features, judged, lookback)


def _read_by(model: Model, manifest: Manifest) -> tuple[tuple[str, ...], int]:
    """The features that a model reads, and of how many candles."""
    features = tuple(manifest.feature_set.get("names", ()))
    window = manifest.config.get("window", 1)
    if type(window) is not int or window < 1:
        raise BadModel(f"its manifest's config.window is {str(window)[:80]}; a number of candles is expected")
    flat = features if window == 1 else flattened(features, window)
    if model.contract.inputs != flat:
        raise BadModel(f"its inputs are not the {len(features)} features of its manifest, {window} candles of them")
    if manifest.feature_set.get("hash", manifest.feature_set_hash) != manifest.feature_set_hash:
        raise BadModel("its manifest names two feature sets")
    return features, window


def _judged(model: Model, manifest: Manifest) -> tuple[Mapping[Claim, Found], int]:
    definition: Any = manifest.label.get("definition")
    timeframe: Any = manifest.feature_set.get("timeframe")
    if not isinstance(definition, str) or not isinstance(timeframe, str):
        raise BadModel(
            "its manifest lacks label.definition or feature_set.timeframe, without which nothing can be held"
        )
    try:
        spec = parse(definition)
        outcomes = Outcomes(spec, timeframe)
    except InvalidValue as error:
        raise BadModel(f"its manifest's label: {error}") from error
    return claims_of(model, spec, outcomes), outcomes.lookback
