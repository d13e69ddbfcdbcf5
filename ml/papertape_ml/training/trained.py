"""What training leaves: a model and all that its manifest says of how it came about."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from papertape import __version__
from papertape_ml.models.contract import Array, Model
from papertape_ml.models.golden import golden
from papertape_ml.registry.manifest import Contract, Golden, Manifest
from papertape_ml.registry.moves import Wish, targets
from papertape_ml.registry.protocol import Registry, VersionRow

CANDIDATE = "candidate"
"""The alias that points to what was trained last."""

_LIBRARIES = (
    "numpy", "numba", "xgboost", "xgboost-cpu", "lightgbm", "catboost", "torch", "safetensors", "optuna",
    "stable-baselines3", "sb3-contrib",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model and all that its manifest says of how it came about; the mappings hold JSON values, None for no figure.

    `rows`: (n, inputs) float64 of its training data, from which golden rows are taken. `feature_set`: of
    `FeatureSet.document`; `label`: of `LabelSpec.document`. `training`: at least `hash` (`sha256:...`) and `span`
    (first and last time, ms UTC) of the data that it learned from, and `rows`, how many. `config`: settings; `window`
    for models that read several candles. `metrics`: by part, `test` first of all; `baseline`: the same figures of the
    prior alone, and by name those of other opponents. `statistics`: `bins` for drift, `importances`. `test_span`: first
    and last time that was tested on.
    """

    model: Model
    rows: Array
    feature_set: Mapping[str, Any]
    label: Mapping[str, Any]
    training: Mapping[str, Any]
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    baseline: Mapping[str, Any]
    seeds: Mapping[str, Any]
    statistics: Mapping[str, Any]
    test_span: tuple[int, int] | None


def manifest_of(trained: Trained, name: str, created: int, parent: str | None = None) -> Manifest:
    """The manifest under which it is registered. `created`: ms UTC. Raises `BadModel` for a name that cannot be."""
    model = trained.model
    kept = golden(model, trained.rows)
    span = None if trained.test_span is None else list(trained.test_span)
    exact = kept.exact if kept.exact is not None and kept.exact.shape[1] else None
    return Manifest(
        name=name,
        kind=model.kind,
        created=created,
        contract=Contract(model.contract.inputs, model.contract.outputs, model.contract.dtype),
        golden=Golden.of(kept.inputs, kept.outputs, exact),
        feature_set=trained.feature_set,
        feature_set_hash=str(trained.feature_set["hash"]),
        label=trained.label,
        training={**trained.training, "test_span": span},
        config=trained.config,
        metrics={**trained.metrics, "baseline": dict(trained.baseline)},
        code=code_versions(),
        seeds=trained.seeds,
        statistics=trained.statistics,
        parent=parent,
    )


def published(
    registry: Registry, trained: Trained, name: str, created: int, parent: str | None = None, by: str = "train"
) -> VersionRow:
    """Makes it the next version of a name, and the alias `candidate` point to it. `by`: who the history says it was."""
    row = registry.publish(manifest_of(trained, name, created, parent), trained.model.files())
    if targets(registry.history(name)).get((name, CANDIDATE)) != row.version:
        registry.move(name, CANDIDATE, row.version, Wish(created, by, "trained"))
    return row


def code_versions() -> dict[str, str]:
    """papertape, Python, and the libraries that are installed and take part in training or serving."""
    found = {"papertape": __version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
