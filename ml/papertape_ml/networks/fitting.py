"""Fitting a predictor on the parts of one fold: scale, learn, stop, calibrate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.models.calibration import Calibrator, Uncalibrated, fit_calibrator
from papertape_ml.models.contract import Array
from papertape_ml.models.predictor import BLOCKS, Predictor, predictor_contract
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import Progress
from papertape_ml.networks.building import network_from
from papertape_ml.networks.part import Part, check_learnable
from papertape_ml.networks.scaling import fit_scaler
from papertape_ml.networks.settings import NetworkSettings
from papertape_ml.networks.shape import CLASSES, Shape
from papertape_ml.networks.training import train_network
from papertape_ml.networks.windows import gathered

_AT_ONCE = 2_048
"""Windows that are laid out in memory at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedPredictor:
    """The model; the epoch that early stopping left; the loss on the stop part after each epoch."""

    model: Predictor
    epochs: int
    course: tuple[float, ...]


def fit_predictor(
    features: Sequence[str],
    horizons: Sequence[str],
    shape: Shape,
    fit: Part,
    stop: Part | None,
    calibrate: Part | None,
    settings: NetworkSettings,
    epochs: int | None = None,
    progress: Progress | None = None,
) -> FittedPredictor:
    """Fit, stop, calibrate; everything that is fitted comes from ``fit``, but for the calibration.

    Without ``stop`` all epochs are gone through, or ``epochs`` of them; without ``calibrate`` the margins' softmax is
    taken. Raises `BadLabels`, `BadSettings`, `DeviceAbsent`.
    """
    names = tuple(horizons)
    check_learnable(fit, names)
    scaler = fit_scaler(fit.series[np.unique(fit.last)])
    spread = np.subtract(*np.quantile(fit.moves, (0.75, 0.25), axis=0))
    units = np.where(spread > 0, spread, 1.0)
    trained = train_network(shape, fit, stop, scaler, units, settings, epochs, progress)
    plain = Predictor(
        contract=predictor_contract(features, shape.window, names, shape.quantiles),
        features=tuple(features),
        horizons=names,
        shape=shape,
        scaler=scaler,
        units=tuple(units.tolist()),
        calibrators=(Uncalibrated(),) * len(names),
        block=BLOCKS[shape.arch],
        weights=trained.weights,
        # The weights are those of the bytes: what is calibrated is what will be served.
        net=network_from(shape, trained.weights, "the weights"),
    )
    if calibrate is None:
        return FittedPredictor(plain, trained.epochs, trained.course)
    check_learnable(calibrate, names)
    calibrators = _calibrators(plain, calibrate, settings.calibration)
    return FittedPredictor(replace(plain, calibrators=calibrators), trained.epochs, trained.course)


def network_answers(model: Predictor, part: Part) -> Floats:
    """What the network says of a part's windows ``(n, horizons, answers)``, laid out a few at a time."""
    found = [np.empty((0, model.shape.horizons, model.shape.answers))]
    for begin in range(0, len(part), _AT_ONCE):
        rows = gathered(part.series, part.last[begin : begin + _AT_ONCE], model.window)
        found.append(model.answers(rows))
    return np.concatenate(found)


def predicted(model: Predictor, part: Part) -> Array:
    """The outputs ``(n, outputs)`` for a part's windows."""
    return model.calibrated(network_answers(model, part))


def _calibrators(model: Predictor, part: Part, method: str) -> tuple[Calibrator, ...]:
    answers = network_answers(model, part)
    rows = np.empty((len(part), 0))
    return tuple(
        fit_calibrator(
            method,
            np.ascontiguousarray(answers[:, number, :CLASSES].T),
            Sample(rows, part.classes[:, number], part.weights),
        )
        for number in range(model.shape.horizons)
    )
