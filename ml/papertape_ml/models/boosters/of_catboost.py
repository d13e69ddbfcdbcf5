"""CatBoost, kept as its binary model (cbm)."""

import importlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadModelFiles, DeviceAbsent
from papertape_ml.models.blocks import in_blocks
from papertape_ml.models.contract import Array
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import BoosterSettings, Progress


def _library() -> Any:
    try:
        return importlib.import_module("catboost")
    except ImportError as missing:
        raise MissingExtra("a model of CatBoost", "catboost") from missing


class CatBoostTrees:
    """A loaded model, asked on one thread in blocks of one shape: the library may add up otherwise in another one."""

    def __init__(self, model: Any, classes: int) -> None:
        self._model = model
        self._classes = classes

    def margins(self, rows: Array) -> Array:
        """Log-odds ``(n, classes)``."""
        return in_blocks(self._of_block, rows)

    def _of_block(self, rows: Array) -> Array:
        found = np.asarray(self._model.predict(rows, prediction_type="RawFormulaVal", thread_count=1), dtype=np.float64)
        if self._classes > 2:
            return np.ascontiguousarray(found.reshape(len(rows), self._classes))
        return np.column_stack((np.zeros(len(rows)), found.reshape(len(rows))))


class CatBoost:
    """The backend `catboost`. It has no least gain, L1 or least leaf weight: those settings say nothing to it."""

    FILE = "booster.cbm"

    def fit(
        self, part: Sample, stop: Sample | None, classes: int, settings: BoosterSettings, progress: Progress | None
    ) -> tuple[bytes, int]:
        """As `Backend.fit`."""
        catboost = _library()
        if settings.device == "cuda" and not catboost.utils.get_gpu_device_count():
            raise DeviceAbsent("CUDA was asked for, but CatBoost finds no such device")
        stops = stop is not None and settings.patience is not None
        model = catboost.CatBoost(_parameters(classes, settings))
        model.fit(
            catboost.Pool(part.rows, part.classes, weight=part.weights),
            eval_set=None if stop is None else catboost.Pool(stop.rows, stop.classes, weight=stop.weights),
            early_stopping_rounds=settings.patience if stops else None,
            use_best_model=stops,
            callbacks=[_Told(settings.rounds, progress)] if progress else None,
        )
        for stamp in ("model_guid", "train_finish_time"):
            model.get_metadata()[stamp] = ""  # the same fit gives the same bytes
        # The library writes its format to files only.
        with tempfile.TemporaryDirectory(prefix="papertape-") as folder:
            path = Path(folder) / self.FILE
            model.save_model(str(path), format="cbm")
            return path.read_bytes(), int(model.tree_count_)

    def load(self, data: bytes, inputs: int, classes: int) -> CatBoostTrees:
        """As `Backend.load`."""
        catboost = _library()
        if data[:4] != b"CBM1":
            raise BadModelFiles(f"{self.FILE} is no CatBoost model")
        model = catboost.CatBoost()
        try:
            model.load_model(blob=data)
            width = len(model.feature_names_)
            margins = np.asarray(model.predict(np.zeros((1, inputs)), prediction_type="RawFormulaVal")).size
        except (catboost.CatBoostError, ValueError, TypeError, AttributeError) as wrong:
            raise BadModelFiles(f"{self.FILE} cannot be parsed: {wrong}") from wrong
        if width != inputs or margins != (classes if classes > 2 else 1):
            raise BadModelFiles(f"{self.FILE} has {width} inputs and {margins} margins, not {inputs} and {classes}")
        return CatBoostTrees(model, classes)


BACKEND = CatBoost()


def _parameters(classes: int, settings: BoosterSettings) -> dict[str, Any]:
    shape = {"loss_function": "MultiClass", "classes_count": classes} if classes > 2 else {"loss_function": "Logloss"}
    return (
        shape
        | {
            "iterations": settings.rounds,
            "depth": settings.depth,
            "learning_rate": settings.rate,
            "bootstrap_type": "Bernoulli",
            "subsample": settings.row_share,
            "l2_leaf_reg": settings.l2,
            "random_seed": settings.seed,
            "thread_count": settings.threads,
            "boost_from_average": classes == 2,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }
        | ({"task_type": "GPU"} if settings.device == "cuda" else {"rsm": settings.column_share})
    )


class _Told:
    def __init__(self, rounds: int, progress: Progress) -> None:
        self._rounds = rounds
        self._progress = progress

    def after_iteration(self, info: Any) -> bool:
        losses = next(iter(info.metrics.get("validation", {}).values()), None)
        self._progress(int(info.iteration), self._rounds, float(losses[-1]) if losses else None)
        return True
