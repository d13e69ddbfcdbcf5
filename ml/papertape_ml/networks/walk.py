"""Training of a predictor: tested walk-forward, then fitted on everything for serving.

As for classifiers: each fold is fitted, stopped, calibrated and tested on four parts in time order; what is shipped
takes the median of the folds' epochs, is fitted on all rows but a calibration tail, and calibrated on that.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape.market.timeframe import period
from papertape_ml.networks.figures import figures_of, prior_figures, prior_of
from papertape_ml.networks.fitting import FittedPredictor, fit_predictor, predicted
from papertape_ml.networks.importances import importances
from papertape_ml.networks.part import Part
from papertape_ml.networks.sequences import Sequences
from papertape_ml.networks.settings import NetworkSettings
from papertape_ml.networks.shape import CLASSES, QUANTILES, Shape
from papertape_ml.networks.windows import gathered
from papertape_ml.training.evidence import drift_bins
from papertape_ml.training.folds import Folds, folds_of, tail
from papertape_ml.training.trained import Trained

Watch = Callable[[str, int, int, float | None], None]
"""Hears what is done now, steps done of it, steps at most, and the last loss on the part that stops it."""

_GOLDEN = 2_048
"""Windows that golden rows are taken from."""


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What a fold's model said of its test. `rows`: numbers in the dataset; `told`: (n, outputs); `prior`: of each row,
    as `figures.prior_of` has it; `fitted`: the model."""

    rows: Ints
    told: Floats
    prior: tuple[Floats, Floats]
    fitted: FittedPredictor


def train(whole: Sequences, shape: Shape, settings: NetworkSettings, folds: int, watch: Watch | None = None) -> Trained:
    """A trained predictor. On the CPU of one machine the same data, settings and libraries give the same bytes.

    Raises `BadLabels`, `BadSettings`, `TooLittleHistory`, `DeviceAbsent`.
    """
    cut = folds_of(whole.dataset, folds)
    tested = []
    for number, (parts, test) in enumerate(zip(cut.learned, cut.tests, strict=True), 1):
        fit, stop, calibrate = (whole.part.take(rows) for rows in (parts.fit, parts.stop, parts.calibrate))
        found = _fitted(whole, shape, fit, stop, calibrate, settings, None, watch, f"fold {number} of {folds}")
        mine = whole.part.take(test)
        chances, quantiles = prior_of(whole.part.take(parts.rows))
        prior = (np.tile(chances, (len(test), 1, 1)), np.tile(quantiles, (len(test), 1, 1)))
        tested.append(Tested(test, predicted(found.model, mine), prior, found))
    epochs = max(1, round(float(np.median([each.fitted.epochs for each in tested]))))
    before, last = tail(whole.dataset)
    parts_shipped = (whole.part.take(before), None, whole.part.take(last))
    shipped = _fitted(whole, shape, *parts_shipped, settings, epochs, watch, "last fit")
    return _described(whole, settings, cut, tested, epochs, shipped, last)


def _fitted(
    whole: Sequences,
    shape: Shape,
    fit: Part,
    stop: Part | None,
    calibrate: Part,
    settings: NetworkSettings,
    epochs: int | None,
    watch: Watch | None,
    step: str,
) -> FittedPredictor:
    heard = None if watch is None else lambda done, most, loss: watch(step, done, most, loss)
    names = whole.dataset.names
    return fit_predictor(names, whole.horizons, shape, fit, stop, calibrate, settings, epochs, heard)


def _described(
    whole: Sequences,
    settings: NetworkSettings,
    cut: Folds,
    tested: Sequence[Tested],
    epochs: int,
    shipped: FittedPredictor,
    calibrated_on: Ints,
) -> Trained:
    dataset, model = whole.dataset, shipped.model
    lengths = {str(each): each.ms(period(dataset.timeframe)) for each in dataset.label.horizons}
    together = Tested(
        np.concatenate([each.rows for each in tested]),
        np.concatenate([each.told for each in tested]),
        (np.concatenate([each.prior[0] for each in tested]), np.concatenate([each.prior[1] for each in tested])),
        shipped,
    )

    def figures(one: Tested) -> dict[str, Any]:
        part = whole.part.take(one.rows)
        return figures_of(one.told, one.prior, part, dataset.t0[one.rows], lengths, settings.seed)

    spread = np.unique(np.linspace(0, len(dataset) - 1, min(_GOLDEN, len(dataset))).astype(np.int64))
    return Trained(
        model=model,
        rows=gathered(whole.part.series, whole.part.last[spread], whole.window),
        feature_set=dataset.feature_set,
        label=dataset.label.document(),
        training=dataset.document(),
        config={
            **asdict(settings),
            "shape": model.shape.as_document(),
            "window": whole.window,
            "folds": len(tested),
            "trained_epochs": epochs,
            "embargo": cut.embargo,
            "needed_embargo": cut.needed,
        },
        metrics={"test": figures(together), "folds": [_fold(dataset.t0, dataset.t1, each, figures) for each in tested]},
        baseline=prior_figures(together.prior[0], whole.part.take(together.rows), lengths),
        seeds={"seed": settings.seed},
        statistics={
            "bins": drift_bins(dataset, dataset.names),
            "importances": importances(model, whole.part.take(calibrated_on), settings.seed),
            "importances_by": "permutation",
            "quantiles": list(QUANTILES) if model.shape.quantiles else None,
            "classes": {
                horizon: (np.bincount(whole.part.classes[:, number], minlength=CLASSES) / len(dataset)).tolist()
                for number, horizon in enumerate(whole.horizons)
            },
        },
        test_span=(int(dataset.t0[together.rows].min()), int(dataset.t1[together.rows].max())),
    )


def _fold(t0: Ints, t1: Ints, one: Tested, figures: Callable[[Tested], dict[str, Any]]) -> dict[str, Any]:
    return {
        "span": [int(t0[one.rows].min()), int(t1[one.rows].max())],
        "epochs": one.fitted.epochs,
        "course": list(one.fitted.course),
        **figures(one),
    }
