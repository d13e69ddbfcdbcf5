"""Models in a session: what a component sees of one, what a store gives, and which bytes answered is on the tape."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.component import Component
from papertape.contract.errors import ConfigError
from papertape.contract.snapshot import Snapshot


class ModelPin(NamedTuple):
    """A version that never changes. `checksum`: `sha256:...` over all that it is."""

    name: str
    version: int
    checksum: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


class Claim(NamedTuple):
    """What a prediction says about the time after its close. `horizon`: ms until what happened is known; `outputs`:
    those of the model's outputs that say it; `outcomes`: names of the numbers that are known then. Where the outputs
    are the probabilities of classes, there is one outcome: the place among `outputs` of the class that came true."""

    name: str
    horizon: int
    outputs: tuple[str, ...]
    outcomes: tuple[str, ...]


class VersionedModel(Protocol):
    """What a version says of itself."""

    @property
    def pin(self) -> ModelPin:
        """The version that answers."""

    @property
    def kind(self) -> str:
        """Of model: classifier, predictor, sizer and so on."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the numbers of a row, in order."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the numbers of an answer, in order."""

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What can be held against the market later."""


class LoadedModel(VersionedModel, Protocol):
    """A version that was loaded and checked: a pure function of its inputs, which threads may call at the same time."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that it reads, in order; empty where whoever asks brings the inputs."""

    @property
    def feature_set_hash(self) -> str:
        """What their numbers meant in training (of a sizer's model: those that its sizer asks for); empty where there
        are none."""

    @property
    def window(self) -> int:
        """Candles of inputs for one prediction, newest last."""

    @property
    def lookback(self) -> int:
        """Candles up to the decision that are needed for that."""

    def predict(self, rows: Floats) -> Floats:
        """`(n, inputs)`, or `(n, window, inputs)` where `window` is above 1, -> `(n, outputs)`, NaN where it abstains.

        A row's answer has the same bits whatever rows come with it.
        """

    def outcome(self, claim: Claim, candles: Floats, at: int) -> tuple[float, ...] | None:
        """What happened: as many numbers as `claim.outcomes`. `candles` `(6, n)`: ts, open, high, low, close, volume of
        one symbol, oldest first, a view that lasts as long as the call: `lookback` candles up to the decision, made at
        the close of candle `at`, and those since (fewer of both where there were none). None where the market does not
        tell: a gap, say."""


class Prediction:
    """What a model said of one symbol at one close. `values`: `(outputs,)` float64, read-only; all NaN where it
    abstains."""

    __slots__ = ("_index", "values")

    def __init__(self, index: Mapping[str, int], packed: bytes) -> None:
        self._index = index
        self.values: Floats = np.frombuffer(packed)

    @property
    def abstains(self) -> bool:
        """Whether it says nothing: an input was missing."""
        return bool(np.isnan(self.values).any())

    def __getitem__(self, output: str) -> float:
        """One output by name. Raises `ConfigError` for one that the model does not have."""
        try:
            return float(self.values[self._index[output]])
        except KeyError:
            raise ConfigError(f"the model has no output {output!r}; it has {', '.join(self._index)}") from None


class Model(VersionedModel, Protocol):
    """A model as a component sees it, for the whole session: a new version takes effect behind it."""

    @property
    def reference(self) -> str:
        """As it was asked for, such as `signal@champion`."""

    def predict(self, snapshot: Snapshot) -> Mapping[str, Prediction]:
        """What it says of every symbol in `snapshot.fresh`, from the session's features: one call for all of them, kept
        in the ledger, and later completed with what happened. Strategies that share a model share the call."""

    def answer(self, rows: Floats) -> Floats:
        """`(n, inputs)` -> `(n, outputs)`, for a model whose inputs the component brings; not kept."""


class ModelStore(Component):
    """Base of model stores: where the models of a session come from. Pinned once, a version is loaded by its pin.

    Every method may do I/O; none is called inside a step, and no two at the same time.
    """

    def open(self, ledger: str) -> None:
        """Called once, before all else. `ledger`: the URL of the session's ledger."""

    def pin(self, reference: str) -> ModelPin:
        """The version that a reference means now. Raises `RequestError` kinds, for an unknown alias say."""
        raise NotImplementedError(f"{type(self).__name__} needs a pin method")

    def load(self, pin: ModelPin) -> LoadedModel:
        """The version, every byte of it checked before it is parsed. Raises `PapertapeError` kinds where it is not what
        the pin says, or does not answer as it did when it was made."""
        raise NotImplementedError(f"{type(self).__name__} needs a load method")

    def previous(self, reference: str) -> ModelPin | None:
        """The version to which a step back from an alias would lead; None where there is none."""
        return None

    def demote(self, reference: str, now: ModelPin, why: str, evidence: Mapping[str, Any], at: int) -> ModelPin:
        """Takes an alias one step back, if it still means `now`; gives the version that it means then. `at`: ms UTC."""
        raise NotImplementedError(f"{type(self).__name__} cannot demote")

    def fingerprint(self) -> Mapping[str, Any]:
        """What the bits of predictions depend on besides the models: libraries, threads, the processor (JSON)."""
        return {}

    def close(self) -> None:
        """Called once, after all else."""
