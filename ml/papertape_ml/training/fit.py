"""One fit of any kind of classifier, on parts of a dataset."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from papertape.contract.candle import Ints
from papertape_ml.data.dataset import Dataset
from papertape_ml.models.classifier import classifier_contract
from papertape_ml.models.contract import Model
from papertape_ml.models.fitting import Parts, fit_classifier
from papertape_ml.models.gated import fit_gated
from papertape_ml.models.samples import Sample, sample
from papertape_ml.models.settings import BoosterSettings
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.tasks import Task

Watch = Callable[[str, int, int, float | None], None]
"""Hears how far a training is: what is done now, rounds done of it, rounds at most, loss on the part that stops it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A model, the rounds of its boosters, and the features that it reads, as columns of the dataset."""

    model: Model
    rounds: tuple[int, ...]
    columns: Ints


def sample_of(dataset: Dataset, task: Task) -> Sample:
    """All rows of a dataset as a classifier learns them."""
    contract = classifier_contract(dataset.names, task.classes)
    labels = task.labels(dataset.y)
    return sample(contract, task.classes, dataset.names, dataset.features, labels, dataset.weight)


def some(whole: Sample, rows: Ints, columns: Ints) -> Sample:
    """Some rows (numbers) and columns of a sample; the weights get a mean of 1 again."""
    weights = whole.weights[rows]
    return Sample(
        np.ascontiguousarray(whole.rows[np.ix_(rows, columns)]),
        whole.classes[rows],
        weights / weights.mean() if len(weights) else weights,
    )


def fit(
    task: Task,
    names: tuple[str, ...],
    parts: tuple[Sample, Sample | None, Sample],
    config: TrainConfig,
    columns: Ints,
    rounds: tuple[int, ...] | None = None,
    watch: Watch | None = None,
    step: str = "fit",
) -> Fit:
    """Fits on (fit, stop, calibrate), already cut to `columns`, whose names are `names`. `rounds`: how many, in place
    of stopping early."""
    heard = None if watch is None else lambda done, most, loss: watch(step, done, most, loss)
    some_parts = Parts(*parts)
    calibration = config.calibration_of(len(parts[2]))
    if task.kind == "gated":
        cap = config.cap
        assert cap is not None, "a pair always has a cap"
        gate, direction = (_with(config.settings, rounds, at) for at in range(2))
        pair = fit_gated(names, some_parts, (gate, direction), calibration, cap, heard)
        return Fit(pair.model, pair.rounds, columns)
    contract = classifier_contract(names, task.classes)
    settings = _with(config.settings, rounds, 0)
    found = fit_classifier(
        task.kind, contract, task.classes, some_parts, settings, calibration, config.cap, heard
    )  # fmt: skip
    return Fit(found.model, (found.rounds,), columns)


def _with(settings: BoosterSettings, rounds: tuple[int, ...] | None, at: int) -> BoosterSettings:
    """The settings, with the rounds that are known in place of early stopping."""
    return settings if rounds is None else replace(settings, rounds=rounds[at], patience=None)
