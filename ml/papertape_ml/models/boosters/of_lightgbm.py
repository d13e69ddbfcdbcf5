"""LightGBM, kept as its own text. The library fits; its text is read and walked without it."""

import importlib
from typing import Any

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import DeviceAbsent
from papertape_ml.models.boosters.reading import CHECKED, check_reading, two_columns
from papertape_ml.models.forests.forest import Forest
from papertape_ml.models.forests.read_lightgbm import read
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import BoosterSettings, Progress


def _library() -> Any:
    try:
        return importlib.import_module("lightgbm")
    except ImportError as missing:
        raise MissingExtra("a model of LightGBM", "lightgbm") from missing


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
        kept = booster.model_to_string(num_iteration=rounds).encode()
        rows = part.rows[:CHECKED]
        told = booster.predict(rows, num_iteration=rounds, raw_score=True, num_threads=1).reshape(len(rows), -1)
        check_reading("LightGBM", self.load(kept, rows.shape[1], classes), rows, two_columns(told))
        return kept, rounds

    def load(self, data: bytes, inputs: int, classes: int) -> Forest:
        """As `Backend.load`, by our own reader."""
        return read(data, self.FILE, _objective(classes), inputs, classes if classes > 2 else 1, classes)


BACKEND = LightGBM()


def _objective(classes: int) -> str:
    return "multiclass" if classes > 2 else "binary"


def _parameters(classes: int, settings: BoosterSettings) -> dict[str, Any]:
    shape = {"num_class": classes} if classes > 2 else {}
    return shape | {
        "objective": _objective(classes),
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
