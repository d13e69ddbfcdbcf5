"""Training of a classifier: tested walk-forward, then fitted on everything for serving.

Each fold is fitted, stopped, calibrated and tested on four parts in time order. What is shipped takes the median of the
folds' rounds, is fitted on all rows but a calibration tail, and calibrated on that. Its figures are those of the folds:
every tested row was predicted by a model that had seen nothing of its time.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from papertape.features.feature_set import FeatureSet
from papertape_ml.data.build import Market
from papertape_ml.data.dataset import Dataset
from papertape_ml.models.samples import Sample
from papertape_ml.training import acting
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.evidence import drift_bins
from papertape_ml.training.figures import scores
from papertape_ml.training.fit import Fit, Watch, sample_of
from papertape_ml.training.folds import Folds, folds_of, tail
from papertape_ml.training.held_out import Tested, classes_of, figures_of, fitted, fold_tested, join, learnable_rows
from papertape_ml.training.importances import importances
from papertape_ml.training.tasks import Task
from papertape_ml.training.trained import Trained


def train(
    dataset: Dataset, candles: Market, wanted: FeatureSet, config: TrainConfig, watch: Watch | None = None
) -> Trained:
    """A trained classifier of any of `tasks.KINDS`. The same data, settings and libraries give the same bytes.

    `candles`, `wanted`: of the dataset. Raises `BadLabels`, `BadSettings`, `TooLittleHistory`, `DeviceAbsent`.
    """
    aim, learnable = learnable_rows(dataset, config)
    whole = sample_of(learnable, aim)
    folds = folds_of(learnable, config.folds)
    tested = [
        fold_tested(aim, learnable, whole, parts, test, config, watch, f"fold {number} of {config.folds}")
        for number, (parts, test) in enumerate(zip(folds.learned, folds.tests, strict=True), 1)
    ]
    rounds = tuple(round(float(np.median(each))) for each in zip(*(one.fit.rounds for one in tested), strict=True))
    shipped = _shipped(aim, learnable, whole, config, rounds, watch)
    found = _described(aim, learnable, candles, wanted, config, folds, tested, rounds, shipped)
    # A session computes features at every candle, and not only at those that a direction learns from.
    bins = drift_bins(dataset, shipped.model.contract.inputs)
    return replace(found, statistics={**found.statistics, "bins": bins})


def _shipped(
    aim: Task, dataset: Dataset, whole: Sample, config: TrainConfig, rounds: tuple[int, ...], watch: Watch | None
) -> Fit:
    before, last = tail(dataset)
    return fitted(aim, dataset.names, whole, (before, None, last), config, rounds, watch, "last fit")


def _described(
    aim: Task,
    dataset: Dataset,
    candles: Market,
    wanted: FeatureSet,
    config: TrainConfig,
    folds: Folds,
    tested: Sequence[Tested],
    rounds: tuple[int, ...],
    shipped: Fit,
) -> Trained:
    names = tuple(dataset.names[column] for column in shipped.columns)
    kept = wanted if len(names) == len(dataset.names) else replace(
        wanted, features=tuple(wanted.features[column] for column in shipped.columns)
    )  # fmt: skip
    rows = np.ascontiguousarray(dataset.features[:, shipped.columns])
    classes = classes_of(aim, dataset)
    all_tests = join(tested)
    method, shares = importances(shipped.model, rows, config.settings.threads)
    span = (int(dataset.t0[all_tests.rows].min()), int(dataset.t1[all_tests.rows].max()))
    return Trained(
        model=shipped.model,
        rows=rows,
        feature_set=kept.document(),
        label=dataset.label.document(),
        training={
            **dataset.document(),
            "missing": dataset.missing,
            "chosen_from": list(dataset.names) if config.top is not None else None,
        },
        config={
            **config.document(),
            "window": 1,
            "rounds": list(rounds),
            "embargo": folds.embargo,
            "needed_embargo": folds.needed,
        },
        metrics={
            "test": figures_of(aim, dataset, candles, all_tests, config.seed),
            "folds": [_fold_figures(aim, dataset, candles, each, config.seed) for each in tested],
        },
        baseline=_baseline(aim, dataset, candles, all_tests),
        seeds={"seed": config.seed},
        statistics={
            "importances": shares,
            "importances_by": method,
            "classes": dict(zip(aim.classes.names, _shares(classes, len(aim.classes.names)), strict=True)),
        },
        test_span=span,
    )


def _fold_figures(aim: Task, dataset: Dataset, candles: Market, tested: Tested, seed: int) -> dict[str, Any]:
    return {
        "span": [int(dataset.t0[tested.rows].min()), int(dataset.t1[tested.rows].max())],
        "rounds": list(tested.fit.rounds),
        "features": list(tested.fit.model.contract.inputs),
        **figures_of(aim, dataset, candles, tested, seed),
        "prior_logloss": scores(tested.prior, classes_of(aim, dataset)[tested.rows])["logloss"],
    }


def _baseline(aim: Task, dataset: Dataset, candles: Market, tested: Tested) -> dict[str, Any]:
    """The prior's scores; and by opponent what doing nothing, and holding all symbols, would have brought."""
    found: dict[str, Any] = scores(tested.prior, classes_of(aim, dataset)[tested.rows])
    quiet = acting.act(dataset, candles, tested.rows, np.zeros(len(tested.rows), np.int64))
    return found | acting.opponents(candles, quiet, dataset.label.fee_bps)


def _shares(classes: NDArray[np.int64], many: int) -> list[float]:
    counts: list[float] = (np.bincount(classes, minlength=many) / len(classes)).tolist()
    return counts
