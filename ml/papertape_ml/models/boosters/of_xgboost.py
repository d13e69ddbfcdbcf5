"""XGBoost by its core interface, kept as UBJSON.

Trees are asked in one call for any number of rows: a row walks its trees alone, and its leaf values are added in the
order of the trees, so that its margin does not depend on the rows beside it (which a test holds).
"""

import importlib
import json
import os
from typing import Any

import numpy as np

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadModelFiles, DeviceAbsent
from papertape_ml.models.contract import Array
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import BoosterSettings, Progress


def _library() -> Any:
    # Threads that wait for work sleep instead of spinning: on a busy machine with few cores that is 30 times faster.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return importlib.import_module("xgboost")
    except ImportError as missing:
        raise MissingExtra("a model of boosted trees", "ml") from missing


class XGBoostTrees:
    """A loaded booster, held to one thread of the CPU."""

    def __init__(self, booster: Any, classes: int) -> None:
        self._booster = booster
        self._classes = classes

    def margins(self, rows: Array) -> Array:
        """Log-odds ``(n, classes)``."""
        if not len(rows):
            return np.empty((0, self._classes))
        found = self._booster.inplace_predict(rows.astype(np.float32), predict_type="margin").astype(np.float64)
        if self._classes > 2:
            return np.ascontiguousarray(found.reshape(len(rows), self._classes))
        return np.column_stack((np.zeros(len(rows)), found.reshape(len(rows))))


class XGBoost:
    """The backend `xgboost`."""

    FILE = "booster.ubj"

    def fit(
        self, part: Sample, stop: Sample | None, classes: int, settings: BoosterSettings, progress: Progress | None
    ) -> tuple[bytes, int]:
        """As `Backend.fit`."""
        xgboost = _library()
        if settings.device == "cuda":
            _check_cuda(xgboost)
        data = _matrix(xgboost.QuantileDMatrix, part, settings)
        watched = [] if stop is None else [(_matrix(xgboost.DMatrix, stop, settings), "stop")]
        booster = xgboost.train(
            _parameters(classes, settings),
            data,
            settings.rounds,
            evals=watched,
            early_stopping_rounds=settings.patience if stop is not None else None,
            callbacks=[_told(xgboost, settings.rounds, progress)] if progress else None,
            verbose_eval=False,
        )
        if stop is not None and settings.patience is not None:
            booster = booster[: booster.best_iteration + 1]
        return bytes(booster.save_raw("ubj")), int(booster.num_boosted_rounds())

    def load(self, data: bytes, inputs: int, classes: int) -> XGBoostTrees:
        """As `Backend.load`. The head is looked at first: over some bytes the library ends the process."""
        xgboost = _library()
        if len(data) < 64 or data[:2] != b"{L":
            raise BadModelFiles(f"{self.FILE} is no UBJSON object")
        try:
            booster = xgboost.Booster({"nthread": 1, "device": "cpu"})
            booster.load_model(bytearray(data))
            found = json.loads(booster.save_config())["learner"]
            shape = (
                found["learner_train_param"]["objective"],
                int(found["learner_model_param"]["num_feature"]),
                int(found["learner_model_param"]["num_class"]),
                found["learner_train_param"]["booster"],
            )
        except (xgboost.core.XGBoostError, ValueError, TypeError, KeyError) as wrong:
            first = str(wrong).strip().splitlines()[:1]
            raise BadModelFiles(f"{self.FILE} cannot be parsed: {''.join(first)}") from wrong
        if shape != (_objective(classes), inputs, classes if classes > 2 else 0, "gbtree"):
            raise BadModelFiles(f"{self.FILE} holds {shape}, not {classes} classes of {inputs} inputs")
        return XGBoostTrees(booster, classes)


BACKEND = XGBoost()


def _objective(classes: int) -> str:
    return "multi:softprob" if classes > 2 else "binary:logistic"


def _parameters(classes: int, settings: BoosterSettings) -> dict[str, Any]:
    shape = {"num_class": classes, "eval_metric": "mlogloss"} if classes > 2 else {"eval_metric": "logloss"}
    return shape | {
        "objective": _objective(classes),
        "tree_method": "hist",
        "max_depth": settings.depth,
        "eta": settings.rate,
        "subsample": settings.row_share,
        "colsample_bytree": settings.column_share,
        "gamma": settings.least_gain,
        "alpha": settings.l1,
        "lambda": settings.l2,
        "min_child_weight": settings.least_leaf_weight,
        "seed": settings.seed,
        "nthread": settings.threads,
        "device": settings.device,
    }


def _matrix(kind: Any, part: Sample, settings: BoosterSettings) -> Any:
    rows = part.rows.astype(np.float32)
    return kind(rows, label=part.classes, weight=part.weights, nthread=settings.threads)


def _check_cuda(xgboost: Any) -> None:
    """The library trains on the CPU, with a warning at most, where CUDA is missing; here that is an error."""
    if not xgboost.build_info().get("USE_CUDA"):
        raise DeviceAbsent("CUDA was asked for, but this build of xgboost has none: install xgboost, not xgboost-cpu")
    with xgboost.config_context(verbosity=0):
        probe = xgboost.train({"device": "cuda", "max_depth": 1}, xgboost.DMatrix(np.eye(2), label=[0, 1]), 1)
        found = json.loads(probe.save_config())["learner"]["generic_param"]["device"]
    if not found.startswith("cuda"):
        raise DeviceAbsent("CUDA was asked for, but no such device is there")


def _told(xgboost: Any, rounds: int, progress: Progress) -> Any:
    class Told(xgboost.callback.TrainingCallback):  # type: ignore[misc]  # the class comes from a library without types
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            losses = next(iter(evals_log.get("stop", {}).values()), None)
            progress(epoch + 1, rounds, None if losses is None else float(losses[-1]))
            return False

    return Told()
