"""Versions for tests of serving: planted models with manifests as training writes them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from tests.papertape_ml.models.planted import NAMES, classifier, rows

from papertape_ml.labels import parse
from papertape_ml.models.contract import Array, Model, ModelContract
from papertape_ml.registry.checked import row_of
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.protocol import Version
from papertape_ml.training.trained import Trained, manifest_of

SET = {"hash": "sha256:" + "5" * 64, "names": list(NAMES), "timeframe": "1m"}
LABEL = "direction:6m,band=0.1%"


def trained(model: Model, inputs: Array, label: str = LABEL, **changes: Any) -> Trained:
    """A model as training leaves it."""
    made = Trained(
        model=model,
        rows=inputs,
        feature_set=SET,
        label=parse(label).document(),
        training={"hash": "sha256:" + "7" * 64, "span": [0, 1], "rows": len(inputs)},
        config={},
        metrics={"test": {"logloss": 1.0}},
        baseline={},
        seeds={"seed": 7},
        statistics={},
        test_span=None,
    )
    return replace(made, **changes)


@cache
def signal(created: int = 1, label: str = LABEL) -> Manifest:
    """The manifest of a planted signal classifier."""
    return manifest_of(trained(classifier(), rows(64, 5), label), "signal", created)


def files() -> dict[str, bytes]:
    """Its files."""
    return classifier().files()


def version(manifest: Manifest, contents: Mapping[str, bytes], imported: bool = False, number: int = 1) -> Version:
    """A version as a registry gives it."""
    whole = manifest.with_files(contents)
    return Version(row_of(whole, number, imported), whole, contents)


class Lines:
    """A model whose outputs are its first input plus 0, 1, 2 and so on; NaN where any input is."""

    def __init__(self, kind: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        self.kind = kind
        self.contract = ModelContract(inputs, outputs)
        self.tolerance = 0.0

    def files(self) -> dict[str, bytes]:
        return {"lines.json": b"{}"}

    def predict(self, rows: Array) -> Array:
        answers: Array = rows[:, :1] + np.arange(len(self.contract.outputs)) + 0.0 * rows.sum(axis=1, keepdims=True)
        return answers

    def exact(self, rows: Array) -> Array:
        return np.empty((len(rows), 0))
