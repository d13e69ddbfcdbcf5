"""Models from a shelf: a store over one JSON file, models that are a weighted sum, and components that ask them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from tests.engine.scripted import installed

from papertape import (
    Claim,
    ConfigError,
    Floats,
    LoadedModel,
    Model,
    ModelPin,
    ModelStore,
    Param,
    PluginError,
    Signal,
    Snapshot,
    Strategy,
    Wish,
)
from papertape.features.feature_set import FeatureSet

MINUTE = 60_000
FEATURES = ("returns_1", "returns_5", "momentum_10")
"""What the models read where nothing else is said."""


class Weighed:
    """P(up) is the logistic function of a weighted sum of all inputs; what came is whether the close rose."""

    def __init__(self, pin: ModelPin, document: Mapping[str, Any]) -> None:
        self.pin = pin
        self.kind = "classifier"
        self.features = tuple(document["features"])
        self.feature_set_hash = document["hash"]
        self.window = document["window"]
        self.inputs = self.features
        self.outputs = ("up", "down")
        self.horizon = document["horizon"]
        self.claims = (Claim("direction", self.horizon * MINUTE, ("up", "down"), ("class",)),)
        self.lookback = 1
        self.weights = np.array(document["weights"])
        self.fails_at = document["fails_at"]
        self.calls = 0

    def predict(self, rows: Floats) -> Floats:
        self.calls += 1
        if self.fails_at is not None and bool((rows > self.fails_at).any()):
            raise ArithmeticError("an input that this model cannot bear")
        flat = rows.reshape(len(rows), -1)
        weights = np.resize(self.weights, flat.shape[1])
        up = 1.0 / (1.0 + np.exp(-np.array([sum(row * weights) for row in flat])))
        return np.stack([up, 1.0 - up], axis=1)

    def outcome(self, claim: Claim, candles: Floats, at: int) -> tuple[float, ...] | None:
        end = at + self.horizon
        if end >= candles.shape[1] or candles[0, end] - candles[0, at] != claim.horizon:
            return None
        return (0.0 if candles[4, end] > candles[4, at] else 1.0,)


class Shelf(ModelStore):
    """Versions and aliases in a JSON file."""

    path = Param("", help="the file")

    def open(self, ledger: str) -> None:
        self.document()

    def document(self) -> dict[str, Any]:
        """What the file holds now."""
        found: dict[str, Any] = json.loads(Path(self.path).read_text())
        return found

    def pin(self, reference: str) -> ModelPin:
        moves = self.document()["aliases"].get(reference)
        if not moves:
            raise ConfigError(f"no alias {reference!r} is on the shelf")
        return self.pinned(reference, moves[-1])

    def pinned(self, reference: str, version: int) -> ModelPin:
        name = reference.partition("@")[0]
        said = self.document()["versions"][f"{name}@{version}"] | {"damaged": None}
        text = json.dumps(said, sort_keys=True)
        return ModelPin(name, version, f"sha256:{sha256(text.encode()).hexdigest()}")

    def load(self, pin: ModelPin) -> LoadedModel:
        document = self.document()["versions"][str(pin)]
        if document["damaged"]:
            raise PluginError(f"{pin} is damaged")
        return Weighed(pin, document)

    def previous(self, reference: str) -> ModelPin | None:
        moves = self.document()["aliases"][reference]
        return self.pinned(reference, moves[-2]) if len(moves) > 1 else None

    def demote(self, reference: str, now: ModelPin, why: str, evidence: Mapping[str, Any], at: int) -> ModelPin:
        document = self.document()
        assert document["aliases"][reference].pop() == now.version
        document["demotions"].append([reference, now.version, why])
        Path(self.path).write_text(json.dumps(document))
        return self.pin(reference)

    def fingerprint(self) -> Mapping[str, Any]:
        return dict(self.document()["fingerprint"])


class Follower(Strategy):
    """Buys where its model says up, else sells."""

    model = Param("m@champion", help="the model")
    keeps: ClassVar[tuple[str, ...] | None] = ()

    def lookback(self) -> int:
        return 1

    def models(self) -> Iterable[str]:
        return [self.model]

    def on_model(self, model: Model) -> None:
        self.asked = model

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
        for symbol, said in self.asked.predict(snapshot).items():
            if not said.abstains:
                wish = Signal.buy if said["up"] > 0.5 else Signal.close
                yield wish(symbol, confidence=said["up"])


class Forgetful(Follower):
    """The same, without a state that is kept."""

    keeps: ClassVar[tuple[str, ...] | None] = None


PARTS: list[tuple[Any, str, Any]] = [
    ("model-store", "shelf", Shelf),
    ("strategy", "follower", Follower),
    ("strategy", "forgetful", Forgetful),
]


def feature_set_hash(features: Sequence[str], symbols: Sequence[str], timeframe: str = "1m") -> str:
    """The hash that a model of these features carries."""
    chosen = installed().catalogue().select(features)
    return FeatureSet(tuple(chosen), timeframe, tuple(symbols)).hash


class ShelfFile:
    """The file of a shelf, written by whoever promotes."""

    def __init__(self, path: Path, symbols: Sequence[str] = ("A", "B")) -> None:
        self.path = path
        self.symbols = symbols
        self.save({"aliases": {}, "versions": {}, "demotions": [], "fingerprint": {"cpu": "this"}})

    @property
    def spec(self) -> dict[str, str]:
        """As a session's configuration names it."""
        return {"kind": "shelf", "path": str(self.path)}

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text())
        return found

    def save(self, document: Mapping[str, Any]) -> None:
        """Written beside and put in its place: a session that looks meanwhile sees all of it or nothing."""
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(document))
        beside.replace(self.path)

    def publish(self, version: int, weights: Sequence[float], name: str = "m", **said: Any) -> None:
        document = self.read()
        features = said.get("features", FEATURES)
        document["versions"][f"{name}@{version}"] = {
            "features": list(features),
            "hash": feature_set_hash(features, self.symbols) if features else "",
            "window": 1,
            "horizon": 3,
            "weights": list(weights),
            "damaged": False,
            "fails_at": None,
            **said,
        }
        self.save(document)

    def promote(self, version: int, alias: str = "m@champion") -> None:
        document = self.read()
        document["aliases"].setdefault(alias, []).append(version)
        self.save(document)

    def set(self, **said: Any) -> None:
        self.save(self.read() | said)
