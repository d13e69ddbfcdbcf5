"""Trees that are read and walked here answer with the bits of the library that made them."""

from dataclasses import replace

import numpy as np
import pytest

from papertape_ml.models.boosters import backend
from papertape_ml.models.contract import Array
from papertape_ml.models.forests.walk import FEW, LANES
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import DEFAULT, SEED, BoosterSettings

INPUTS = 7
SHAPES = {
    "stumps": replace(DEFAULT, rounds=40, depth=1),
    "default": replace(DEFAULT, rounds=60),
    "seed preset": replace(SEED, rounds=40),
    "deep": replace(DEFAULT, rounds=5, depth=14, least_leaf_weight=0.01),
    "nothing to split": replace(DEFAULT, rounds=3, least_gain=1e9),
}


def odd_rows(count: int, seed: int, missing: float) -> Array:
    """Inputs of very different sizes, some rounded (so that rows meet thresholds), some zero, some missing."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, INPUTS)) * 10.0 ** rng.integers(-6, 7, INPUTS)
    rows[:, 0] = np.round(rng.normal(size=count), 1)
    rows[:, 1] = rng.integers(-2, 3, count)
    rows[rng.random(rows.shape) < 0.05] = 0.0
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows


def part(classes: int, seed: int, missing: float, count: int = 1_500) -> Sample:
    rows = odd_rows(count, seed, missing)
    rng = np.random.default_rng(seed + 1)
    lean = np.nan_to_num(rows[:, 0]) + 0.5 * np.nan_to_num(rows[:, 1]) + rng.normal(size=count)
    return Sample(rows, np.digitize(lean, np.linspace(-1, 1, classes - 1)).astype(np.int64), np.ones(count))


def xgboost_margins(data: bytes, rows: Array) -> Array:
    xgboost = pytest.importorskip("xgboost")
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(data))
    found: Array = booster.inplace_predict(rows.astype(np.float32), predict_type="margin").reshape(len(rows), -1)
    return found.astype(np.float64)


def lightgbm_margins(data: bytes, rows: Array) -> Array:
    booster = pytest.importorskip("lightgbm").Booster(model_str=data.decode())
    found: Array = booster.predict(rows, raw_score=True, num_threads=1).reshape(len(rows), -1)
    return found


LIBRARIES = {"xgboost": xgboost_margins, "lightgbm": lightgbm_margins}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("library", LIBRARIES)
def test_margins_are_those_of_the_library_to_the_bit(library: str, missing: float, classes: int, shape: str) -> None:
    pytest.importorskip(library)
    seed = classes * 10 + int(missing * 10)
    settings: BoosterSettings = replace(SHAPES[shape], backend=library, threads=1)
    kind = backend(library)
    data, _ = kind.fit(part(classes, seed, missing), None, classes, settings, None)
    forest = kind.load(data, INPUTS, classes)
    # What is missing only now goes the way that the trees have for it, too.
    rows = np.vstack((odd_rows(400, seed + 2, missing), odd_rows(100, seed + 3, 0.5), np.full((1, INPUTS), np.nan)))
    rows[7:9], rows[9] = 1e-36, np.float64(np.finfo(np.float32).max)
    wanted = LIBRARIES[library](data, rows)
    found = forest.margins(rows)
    assert found.shape == (len(rows), classes)
    assert found[:, -wanted.shape[1] :].tobytes() == np.ascontiguousarray(wanted).tobytes()
    assert classes > 2 or not found[:, 0].any()


@pytest.mark.parametrize("library", LIBRARIES)
def test_few_rows_and_many_walk_to_the_same_bits(library: str) -> None:
    pytest.importorskip(library)
    kind = backend(library)
    data, _ = kind.fit(part(3, 5, 0.1), None, 3, replace(DEFAULT, rounds=30, backend=library), None)
    forest = kind.load(data, INPUTS, 3)
    rows = odd_rows(3 * LANES + 5, 6, 0.1)
    alone = np.vstack([forest.margins(rows[i : i + 1]) for i in range(len(rows))])
    for count in (0, 2, FEW, FEW + 1, LANES - 1, LANES, LANES + 1, len(rows)):
        assert forest.margins(rows[:count]).tobytes() == alone[:count].tobytes()
    assert forest.margins(np.asfortranarray(rows)[::2]).tobytes() == alone[::2].tobytes()
