"""LightGBM, kept as its own text."""

import importlib
from typing import Any

import numpy as np

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadModelFiles, DeviceAbsent
from papertape_ml.models.contract import Array
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import BoosterSettings, Progress


def _library() -> Any:
    try:
        return importlib.import_module("lightgbm")
    except ImportError as missing:
        raise MissingExtra("a model of LightGBM", "lightgbm") from missing


class LightGBMTrees:
    """A loaded booster, asked on one thread."""

    def __init__(self, booster: Any, classes: int) -> None:
        self._booster = booster
        self._classes = classes

    def margins(self, rows: Array) -> Array:
        """Log-odds ``(n, classes)``."""
        if not len(rows):
            return np.empty((0, self._classes))
        found = np.asarray(self._booster.predict(rows, raw_score=True, num_threads=1), dtype=np.float64)
        if self._classes > 2:
            return np.ascontiguousarray(found.reshape(len(rows), self._classes))
        return np.column_stack((np.zeros(len(rows)), found.reshape(len(rows))))


class LightGBM:
    """The backend `lightgbm`."""

    FILE = "booster.txt"

    def fit(
        self, part: Sample, stop: Sample | None, classes: int, settings: BoosterSettings, progress: Progress | None
    ) -> tuple[bytes, int]:
        """As `Backend.fit`."""
        lightgbm = _library()
        data = lightgbm.Dataset(part.rows, label=part.classes, weight=part.weights)
        watched = [] if stop is None else [lightgbm.Dataset(stop.rows, stop.classes, data, weight=stop.weights)]
        stops = stop is not None and settings.patience is not None
        callbacks = [lightgbm.early_stopping(settings.patience, verbose=False)] if stops else []
        if progress:
            callbacks.append(_told(settings.rounds, progress))
        try:
            booster = lightgbm.train(
                _parameters(classes, settings),
                data,
                settings.rounds,
                valid_sets=watched,
                valid_names=["stop"] * len(watched),
                callbacks=callbacks,
            )
        except lightgbm.basic.LightGBMError as wrong:
            if settings.device == "cuda":
                raise DeviceAbsent(f"CUDA was asked for, but LightGBM cannot use it: {wrong}") from wrong
            raise
        rounds = int(booster.best_iteration) if stops else int(booster.current_iteration())
        return booster.model_to_string(num_iteration=rounds).encode(), rounds

    def load(self, data: bytes, inputs: int, classes: int) -> LightGBMTrees:
        """As `Backend.load`."""
        lightgbm = _library()
        try:
            text = data.decode("ascii")
            if not text.startswith("tree\n"):
                raise ValueError("it does not begin as LightGBM's text does")
            booster = lightgbm.Booster(model_str=text)
            shape = (int(booster.num_feature()), int(booster.num_model_per_iteration()))
        except (lightgbm.basic.LightGBMError, ValueError, TypeError, KeyError) as wrong:
            raise BadModelFiles(f"{self.FILE} cannot be parsed: {wrong}") from wrong
        if shape != (inputs, classes if classes > 2 else 1):
            raise BadModelFiles(f"{self.FILE} has {shape[0]} inputs and {shape[1]} margins, not {inputs} and {classes}")
        return LightGBMTrees(booster, classes)


BACKEND = LightGBM()


def _parameters(classes: int, settings: BoosterSettings) -> dict[str, Any]:
    shape = {"objective": "multiclass", "num_class": classes} if classes > 2 else {"objective": "binary"}
    return shape | {
        "max_depth": settings.depth,
        "num_leaves": min(2**settings.depth, 131072),
        "learning_rate": settings.rate,
        "bagging_fraction": settings.row_share,
        "bagging_freq": 1,
        "feature_fraction": settings.column_share,
        "min_gain_to_split": settings.least_gain,
        "lambda_l1": settings.l1,
        "lambda_l2": settings.l2,
        "min_sum_hessian_in_leaf": settings.least_leaf_weight,
        "seed": settings.seed,
        "num_threads": settings.threads,
        "device_type": settings.device,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _told(rounds: int, progress: Progress) -> Any:
    def told(state: Any) -> None:
        losses = [entry[2] for entry in state.evaluation_result_list or ()]
        progress(state.iteration + 1, rounds, float(losses[0]) if losses else None)

    return told
