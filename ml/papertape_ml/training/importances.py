"""What features are worth to boosted trees: SHAP values, and the gain of their splits.

SHAP values are exact for trees (path-dependent TreeSHAP), computed by XGBoost itself. Source: Lundberg, Erion, Chen et
al. (2020), From local explanations to global understanding with explainable AI for trees. The importance of a feature
is its mean absolute value over rows and classes, as a share of all features'.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape_ml.errors import BadSettings
from papertape_ml.models.boosters import backend
from papertape_ml.models.classifier import BoostedClassifier
from papertape_ml.models.contract import Model
from papertape_ml.models.gated import GatedDirection
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import DEFAULT, BoosterSettings

ROWS: Final = 3_000
"""Rows that SHAP values are computed on."""
TREES: Final = 100
"""Rounds of the model that features are chosen by."""


def importances(model: Model, rows: Floats, threads: int) -> tuple[str, dict[str, float]]:
    """How they were found (`shap` or `gain`), and the share of each input; of a pair the mean of both."""
    if isinstance(model, GatedDirection):
        found = [importances(part, rows, threads) for part in (model.gate, model.direction)]
        return found[0][0], {name: float(np.mean([each[1][name] for each in found])) for name in model.contract.inputs}
    if not isinstance(model, BoostedClassifier):
        raise BadSettings(f"a model of kind {model.kind} has no trees whose features could be weighed")
    if model.library == "xgboost":
        method, sizes = "shap", shap_sizes(model.data, len(model.classes.names), spread(rows), threads)
    else:
        method, sizes = "gain", _GAINS[model.library](model.data)
    return method, dict(zip(model.contract.inputs, _shares(sizes).tolist(), strict=True))


def chosen(part: Sample, classes: int, top: int, settings: BoosterSettings) -> Ints:
    """The columns, in their order, of the `top` features that weigh most in a model of 100 rounds on `part`."""
    if top >= part.rows.shape[1]:
        return np.arange(part.rows.shape[1])
    quick = replace(DEFAULT, rounds=TREES, rate=0.1, patience=None, seed=settings.seed, threads=settings.threads)
    data, _ = backend("xgboost").fit(part, None, classes, replace(quick, device=settings.device), None)
    sizes = shap_sizes(data, classes, spread(part.rows), settings.threads)
    return np.sort(np.argsort(-sizes, kind="stable")[:top])


def shap_sizes(data: bytes, classes: int, rows: Floats, threads: int) -> Floats:
    """Mean absolute SHAP values (features,) of XGBoost's trees over rows (n, features), in units of log-odds."""
    xgboost: Any = importlib.import_module("xgboost")
    booster = xgboost.Booster({"nthread": threads, "device": "cpu"})
    booster.load_model(bytearray(data))
    matrix = xgboost.DMatrix(rows.astype(np.float32), nthread=threads)
    values = np.abs(booster.predict(matrix, pred_contribs=True).astype(np.float64))
    # (n, features + 1), or (n, classes, features + 1) of several classes; the last one is the bias.
    return np.asarray(values.reshape(len(rows), -1, rows.shape[1] + 1).mean(axis=(0, 1))[:-1])


def spread(rows: Floats, most: int = ROWS) -> Floats:
    """At most so many of the rows, evenly spread."""
    return rows if len(rows) <= most else rows[np.arange(most) * len(rows) // most]


def _gain_of_lightgbm(data: bytes) -> Floats:
    booster = importlib.import_module("lightgbm").Booster(model_str=data.decode("ascii"))
    return np.asarray(booster.feature_importance("gain"), np.float64)


def _gain_of_catboost(data: bytes) -> Floats:
    model = importlib.import_module("catboost").CatBoost()
    model.load_model(blob=data)
    return np.asarray(model.get_feature_importance(), np.float64)


_GAINS: Final[Mapping[str, Any]] = {"lightgbm": _gain_of_lightgbm, "catboost": _gain_of_catboost}


def _shares(sizes: Floats | Sequence[float]) -> Floats:
    """Sizes as shares of their sum; all alike where nothing weighs anything."""
    found = np.asarray(sizes, np.float64)
    total = float(found.sum())
    return found / total if total > 0 else np.full(len(found), 1.0 / len(found))
