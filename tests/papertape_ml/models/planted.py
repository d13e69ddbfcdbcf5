"""Small samples with a planted edge, and models fitted to them once for all tests."""

from dataclasses import replace
from functools import cache

import numpy as np

from papertape_ml.models.classifier import BoostedClassifier, classifier_contract
from papertape_ml.models.contract import Array
from papertape_ml.models.fitting import Parts, fit_classifier
from papertape_ml.models.gated import GatedDirection, fit_gated
from papertape_ml.models.samples import SIGNAL, Sample, sample
from papertape_ml.models.settings import DEFAULT, BoosterSettings

NAMES = ("rsi_14", "atr_pct", "bb_width", "vpin")
CONTRACT = classifier_contract(NAMES, SIGNAL)
QUICK = replace(DEFAULT, rounds=60, rate=0.1, patience=20, threads=1)


def rows(count: int, seed: int = 0) -> Array:
    """Normal rows ``(count, 4)`` with a few NaN."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, len(NAMES)))
    values[rng.random(values.shape) < 0.02] = np.nan
    return values


def chances(inputs: Array) -> Array:
    """The planted probabilities ``(n, 3)`` of buy, sell and hold: the first input leans to either side."""
    lean = np.nan_to_num(inputs[:, 0])
    raised = np.exp(np.column_stack((lean - 0.5, -lean - 0.5, np.full(len(lean), 0.5))))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


def labels(inputs: Array, seed: int = 1) -> Array:
    """Labels 1, -1, 0 drawn from `chances`."""
    drawn = np.random.default_rng(seed).random(len(inputs))
    column = (drawn[:, None] > chances(inputs).cumsum(axis=1)).sum(axis=1)
    values: Array = np.array(SIGNAL.values, dtype=np.float64)[np.minimum(column, 2)]
    return values


def planted(count: int, seed: int = 0) -> Sample:
    """A sample of `rows` with its `labels`."""
    inputs = rows(count, seed)
    return sample(CONTRACT, SIGNAL, NAMES, inputs, labels(inputs, seed + 1))


def parts(size: int = 1_500) -> Parts:
    """A fold: to learn, to stop, to calibrate."""
    return Parts(planted(size, 0), planted(size // 3, 10), planted(size // 2, 20))


def fitted(settings: BoosterSettings = QUICK, calibration: str = "vector") -> BoostedClassifier:
    """A new signal classifier."""
    return fit_classifier("classifier", CONTRACT, SIGNAL, parts(), settings, calibration).model


@cache
def classifier(backend: str = "xgboost") -> BoostedClassifier:
    """A signal classifier; the same object each time."""
    return fitted(replace(QUICK, backend=backend))


@cache
def pair() -> GatedDirection:
    """A gate and a direction; the same object each time."""
    return fit_gated(NAMES, parts(), (QUICK, QUICK)).model
