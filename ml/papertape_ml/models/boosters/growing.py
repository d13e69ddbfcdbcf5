"""XGBoost's trees grown for any objective, and their bytes."""

import importlib
import json
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import DeviceAbsent
from papertape_ml.models.boosters.reading import CHECKED
from papertape_ml.models.contract import Array
from papertape_ml.models.settings import BoosterSettings, Progress


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Rows ``(n, inputs)`` float64, what they should answer ``(n,)``, and their weights ``(n,)``."""

    rows: Array
    targets: NDArray[Any]
    weights: Array


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """Trees as UBJSON, how many rounds they are, and what the library itself answers to the first rows ``(k, sums)``
    that they were grown on."""

    data: bytes
    rounds: int
    margins: Array


def grown(
    objective: dict[str, Any], fit: Lesson, stop: Lesson | None, settings: BoosterSettings, progress: Progress | None
) -> Grown:
    """Grows ``settings.rounds`` rounds; with a part to stop on and patience, only up to the best one there.

    ``objective``: what XGBoost needs to know of it. The same lessons and settings give the same bytes. Raises
    `DeviceAbsent`; `MissingExtra` where the library is not installed.
    """
    xgboost = _library()
    if settings.device == "cuda":
        _check_cuda(xgboost)
    watched = [] if stop is None else [(_matrix(xgboost.DMatrix, stop, settings), "stop")]
    booster = xgboost.train(
        _parameters(settings) | objective,
        _matrix(xgboost.QuantileDMatrix, fit, settings),
        settings.rounds,
        evals=watched,
        early_stopping_rounds=settings.patience if stop is not None else None,
        callbacks=[_told(xgboost, settings.rounds, progress)] if progress else None,
        verbose_eval=False,
    )
    if stop is not None and settings.patience is not None:
        booster = booster[: booster.best_iteration + 1]
    data = bytes(booster.save_raw("ubj"))
    rows = fit.rows[:CHECKED].astype(np.float32)
    booster.set_param({"device": "cpu"})
    margins = booster.inplace_predict(rows, predict_type="margin").astype(np.float64)
    return Grown(data, int(booster.num_boosted_rounds()), margins.reshape(len(rows), -1))


def _library() -> Any:
    # Threads that wait for work sleep instead of spinning: on a busy machine with few cores that is 30 times faster.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return importlib.import_module("xgboost")
    except ImportError as missing:
        raise MissingExtra("a model of boosted trees", "ml") from missing


def _parameters(settings: BoosterSettings) -> dict[str, Any]:
    return {
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


def _matrix(kind: Any, part: Lesson, settings: BoosterSettings) -> Any:
    rows = part.rows.astype(np.float32)
    return kind(rows, label=part.targets, weight=part.weights, nthread=settings.threads)


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
