"""Fitting a classifier on the parts of one fold."""

from dataclasses import dataclass

import numpy as np

from papertape_ml.errors import BadLabels, BadSettings
from papertape_ml.models.boosters import backend
from papertape_ml.models.calibration import fit_calibrator
from papertape_ml.models.classifier import BoostedClassifier
from papertape_ml.models.contract import Array, ModelContract
from papertape_ml.models.samples import Classes, Sample, check_learnable
from papertape_ml.models.settings import DEFAULT, BoosterSettings, Progress


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a fold gives to a fit, in the order of time: to learn, to stop, to calibrate.

    ``stop`` may be missing where the settings name the rounds; without ``calibrate`` the margins' softmax is taken.
    """

    fit: Sample
    stop: Sample | None
    calibrate: Sample | None


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The model, and the rounds that early stopping left; the shipped model takes their median over the folds."""

    model: BoostedClassifier
    rounds: int


def fit_classifier(
    kind: str,
    contract: ModelContract,
    classes: Classes,
    parts: Parts,
    settings: BoosterSettings = DEFAULT,
    calibration: str = "vector",
    cap: float | None = None,
    progress: Progress | None = None,
) -> Fitted:
    """Fit, stop, calibrate. With ``cap`` the second class is predicted for at most that share of the calibration part.

    The same parts, settings and library give the same bytes.
    """
    check_learnable(parts.fit, classes.names)
    if settings.patience is not None and parts.stop is None:
        raise BadSettings("early stopping needs a part of the data to stop on")
    if parts.stop is not None and not len(parts.stop):
        raise BadLabels("there is no row to stop on")
    library = backend(settings.backend)
    data, rounds = library.fit(parts.fit, parts.stop, len(classes.names), settings, progress)
    # The trees are those of the bytes: what is calibrated is what will be served.
    trees = library.load(data, len(contract.inputs), len(classes.names))
    if parts.calibrate is None:
        calibrator = fit_calibrator("none", np.empty((len(classes.names), 0)), parts.fit)
    else:
        check_learnable(parts.calibrate, classes.names)
        calibrator = fit_calibrator(calibration, trees.margins(parts.calibrate.rows).T.copy(), parts.calibrate)
    model = BoostedClassifier(kind, contract, classes, settings.backend, data, trees, calibrator)
    if cap is None:
        return Fitted(model, rounds)
    if len(classes.names) != 2 or parts.calibrate is None:
        raise BadSettings("a cap on the rate of action needs two classes and a calibration part")
    threshold = capped_threshold(model.predict(parts.calibrate.rows)[:, 1], cap)
    capped = BoostedClassifier(kind, contract, classes, settings.backend, data, trees, calibrator, threshold)
    return Fitted(capped, rounds)


def capped_threshold(chances: Array, cap: float) -> float:
    """The least probability from which on at most the share ``cap`` of ``chances`` lies.

    Equal probabilities act together or not at all; if even the highest of them are too many, nothing acts.

    >>> capped_threshold(np.array([0.1, 0.4, 0.4, 0.9]), 0.5)
    0.9
    >>> capped_threshold(np.array([0.1, 0.4, 0.4, 0.9]), 0.75)
    0.4
    """
    if not 0 < cap <= 1:
        raise BadSettings(f"the cap on the rate of action lies above 0 and at most at 1, not at {cap!r}")
    if not len(chances):
        raise BadLabels("there is no row to set the threshold on")
    values, counts = np.unique(chances, return_counts=True)
    above = np.cumsum(counts[::-1])[::-1]
    fitting = values[above <= cap * len(chances)]
    return float(fitting[0]) if len(fitting) else float(np.nextafter(values[-1], np.inf))
