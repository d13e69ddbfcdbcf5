"""What models cost: training, predictions, loading, and a registry of many versions.

    python benchmarks/models.py            # some minutes
    python benchmarks/models.py --quick    # a tenth of the rows: does it run?

1. *Training*: one fit of a classifier (fit, stop and calibrate) on 100,000 rows of 28 inputs with a weak planted edge,
   by the default settings, by the preset `seed`, and by LightGBM.
2. *Predictions*: one call for 1, 20 and 500 symbols, p50 and p99, for each kind of model, on one thread. `library`: the
   margins of the same trees by the library that made them, which is not the whole of a prediction. Networks have their
   default shapes and new weights, which cost what trained ones do.
3. *History*: rows a second of 100,000 rows in one call.
4. *Start*: until a process has loaded a model of trees and answered a row, with the compiled walk in the cache and not.
5. *Registry*: 10,000 versions listed, anew and again, in a folder and in a ledger.

All ratios come from one run on one machine: figures of two runs are not to be compared.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert
from table import table

from papertape_ml.models.calibration import Uncalibrated
from papertape_ml.models.classifier import BoostedClassifier, classifier_contract
from papertape_ml.models.contract import Array, Model, ModelContract
from papertape_ml.models.fitting import Parts, fit_classifier
from papertape_ml.models.gated import fit_gated
from papertape_ml.models.loading import load
from papertape_ml.models.predictor import BLOCKS, Predictor, predictor_contract
from papertape_ml.models.ranges.fitting import DEFAULT as RANGE
from papertape_ml.models.ranges.fitting import RangePart, fit_range
from papertape_ml.models.ranges.model import Reach
from papertape_ml.models.samples import SIGNAL, Sample
from papertape_ml.models.settings import DEFAULT, SEED, BoosterSettings
from papertape_ml.models.sizer import WIDTHS, SizerModel
from papertape_ml.models.stacking import OUTPUTS, StackingModel, inputs_of
from papertape_ml.networks.building import network, network_from, weights_as_bytes
from papertape_ml.networks.library import torch
from papertape_ml.networks.scaling import Scaler
from papertape_ml.networks.shape import default_shape
from papertape_ml.networks.windows import SEQUENCE, WINDOW
from papertape_ml.registry.canonical import canonical
from papertape_ml.registry.checked import row_of
from papertape_ml.registry.index_file import Index, encoded
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.sql_registry import SqlRegistry
from papertape_ml.registry.suite import FILES, example
from papertape_ml.registry.tables import versions

INPUTS = 28
NAMES = ("atr_pct", *(f"input_{number}" for number in range(1, INPUTS)))
SYMBOLS = (1, 20, 500)
HORIZONS = ("6c", "18c", "36c", "72c")


def planted(count: int, seed: int) -> Sample:
    """Rows of 28 inputs, a few missing, two of which lean to a class."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, INPUTS))
    lean = 0.3 * np.tanh(rows[:, 1]) + 0.2 * np.tanh(rows[:, 2]) + rng.normal(size=count)
    rows[:, 0] = np.exp(rows[:, 0] / 2 - 6)
    rows[rng.random(rows.shape) < 0.01] = np.nan
    sell_hold_buy = np.array([1, 2, 0])
    return Sample(rows, sell_hold_buy[np.digitize(lean, [-0.4, 0.4])], np.ones(count))


def training(count: int, threads: int) -> tuple[list[list[str]], dict[str, Model]]:
    """Rows of the table, and the models by their names."""
    cuts = np.array([0.7, 0.15, 0.15]) * count
    parts = Parts(*(planted(int(size), seed) for seed, size in enumerate(cuts)))
    settings = {
        "classifier": replace(DEFAULT, threads=threads),
        "classifier, seed": replace(SEED, threads=threads),
        "classifier, lightgbm": replace(DEFAULT, threads=threads, backend="lightgbm"),
    }
    rows, models = [], {}
    for name, each in settings.items():
        began = time.perf_counter()
        found = fit_classifier("classifier", classifier_contract(NAMES, SIGNAL), SIGNAL, parts, each)
        seconds = time.perf_counter() - began
        models[name] = found.model
        rows.append([name, str(found.rounds), f"{found.model.trees.trees.shape[0]:,}", f"{seconds:.1f}"])  # type: ignore[attr-defined]
    return rows, models


def others(models: dict[str, Model], threads: int) -> dict[str, Model]:
    """A model of each other kind, of the size that it usually has."""
    few = Parts(planted(6_000, 5), None, planted(2_000, 6))
    trees = replace(DEFAULT, rounds=150, patience=None, threads=threads)
    found = {"gated": fit_gated(NAMES, few, (trees, trees)).model, "range": _range(threads)}
    return models | found | {arch: _predictor(arch) for arch in BLOCKS} | {"sizer": _sizer(), "stacking": _stacking()}


def _range(threads: int) -> Model:
    rng = np.random.default_rng(8)
    sample = planted(6_000, 7)
    reaches = tuple(Reach(name, float(name[:-1])) for name in HORIZONS)
    ways = np.abs(rng.normal(size=(6_000, 2 * len(HORIZONS)))) * 0.01
    part = RangePart(sample.rows, ways * np.tile([1, -1], len(HORIZONS)), np.ones(6_000))
    settings: BoosterSettings = replace(RANGE, threads=threads)
    return fit_range(NAMES, reaches, part, None, part, settings, rounds=(80,) * (2 * len(HORIZONS))).model


def _predictor(arch: str) -> Model:
    torch.manual_seed(7)
    shape = default_shape(arch, len(SEQUENCE), WINDOW, len(HORIZONS), 0.0)
    weights = weights_as_bytes(network(shape))
    return Predictor(
        contract=predictor_contract(SEQUENCE, WINDOW, HORIZONS, shape.quantiles),
        features=SEQUENCE,
        horizons=HORIZONS,
        shape=shape,
        scaler=Scaler((0.0,) * len(SEQUENCE), (1.0,) * len(SEQUENCE)),
        units=(0.01,) * len(HORIZONS),
        calibrators=(Uncalibrated(),) * len(HORIZONS),
        block=BLOCKS[arch],
        weights=weights,
        net=network_from(shape, weights, "weights"),
    )


def _sizer() -> Model:
    rng = np.random.default_rng(1)
    layers = tuple(
        (rng.normal(size=(after, before)).astype(np.float32), rng.normal(size=after).astype(np.float32))
        for before, after in zip(WIDTHS, WIDTHS[1:], strict=False)
    )
    return SizerModel((0.0,) * WIDTHS[0], (1.0,) * WIDTHS[0], layers)


def _stacking() -> Model:
    names = inputs_of([f"member-{number}" for number in range(5)])
    rng = np.random.default_rng(2)
    weights = tuple(tuple(row) for row in rng.normal(size=(3, len(names))).tolist())
    return StackingModel(ModelContract(names, OUTPUTS), weights, (0.0, 0.0, 0.0), Uncalibrated())


def rows_for(model: Model, count: int) -> Array:
    """Rows that the model reads, without anything missing."""
    rows = np.random.default_rng(9).normal(size=(count, len(model.contract.inputs)))
    if model.contract.inputs[0] == "atr_pct":
        rows[:, 0] = 0.005
    return rows


def library(model: Model) -> Callable[[Array], Any] | None:
    """The margins of a classifier's trees by the library that made them, on one thread."""
    if not isinstance(model, BoostedClassifier):
        return None
    if model.library == "xgboost":
        import xgboost

        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(model.data))
        return lambda rows: booster.inplace_predict(rows.astype(np.float32), predict_type="margin")
    import lightgbm

    text = lightgbm.Booster(model_str=model.data.decode())
    return lambda rows: text.predict(rows, raw_score=True, num_threads=1)


def timed(function: Callable[[Array], Any], rows: Array, seconds: float) -> tuple[float, float]:
    """p50 and p99 of a call, in ms; as many calls as fit into `seconds`, from 5 on."""
    function(rows)
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while len(taken) < 5 or (time.perf_counter() < until and len(taken) < 20_000):
        began = time.perf_counter()
        function(rows)
        taken.append(1000 * (time.perf_counter() - began))
    low, high = np.quantile(taken, (0.5, 0.99)).tolist()
    return low, high


def predictions(models: dict[str, Model], seconds: float) -> Iterator[list[str]]:
    """A row for each model, and one for its library where there is one."""
    for name, model in models.items():
        ways: dict[str, Callable[[Array], Any]] = {name: model.predict}
        if (plain := library(model)) is not None:
            ways |= {"  its trees here": model.exact, "  by the library": plain}
        for title, way in ways.items():
            cells = []
            for symbols in SYMBOLS:
                cells += [f"{each:.4g}" for each in timed(way, rows_for(model, symbols), seconds)]
            yield [title, *cells]


def history(models: dict[str, Model], count: int) -> Iterator[list[str]]:
    """A row for each model: rows a second."""
    for name, model in models.items():
        rows = rows_for(model, count if not isinstance(model, Predictor) else max(64, count // 500))
        ways: dict[str, Callable[[Array], Any]] = {name: model.predict}
        if (plain := library(model)) is not None:
            ways["  by the library, margins"] = plain
        for title, way in ways.items():
            way(rows[:64])
            began = time.perf_counter()
            way(rows)
            yield [title, f"{len(rows):,}", f"{len(rows) / (time.perf_counter() - began):,.0f}"]


STARTED = """
import sys, time
began = time.perf_counter()
from pathlib import Path
from papertape_ml.models.loading import load
import numpy as np
model = load("classifier", {p.name: p.read_bytes() for p in Path(sys.argv[1]).iterdir()})
model.predict(np.zeros((1, len(model.contract.inputs))))
print(time.perf_counter() - began)
"""


def start(model: Model, scratch: Path) -> Iterator[list[str]]:
    """Seconds until the first answer, with an empty cache of compiled code and with a full one."""
    folder = scratch / "model"
    folder.mkdir()
    for name, data in model.files().items():
        (folder / name).write_bytes(data)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(scratch / "cache")}
    for title in ("nothing compiled yet", "compiled before"):
        done = subprocess.run(
            [sys.executable, "-c", STARTED, str(folder)], env=environment, capture_output=True, text=True, check=True
        )
        yield [title, f"{float(done.stdout):.2f}"]


def registries(count: int, scratch: Path, db: str | None) -> Iterator[list[str]]:
    """A row for each place: seconds until so many versions are listed."""
    manifest = example().with_files(FILES)
    row = row_of(manifest, 1, False)
    place = scratch / "many"
    JsonRegistry.open(place, create=True).close()
    listed = [row._replace(version=number) for number in range(1, count + 1)]
    (place / "registry.json").write_bytes(encoded(Index(listed, [])))
    with JsonRegistry.open(place) as registry:
        yield _listed("folder", JsonRegistry(place).versions, registry.versions, count)
    values = {**row._asdict(), "metrics": canonical(row.metrics).decode(), "manifest": manifest.encoded()}
    for title, url in {"SQLite": f"sqlite:///{scratch}/many.db", **({"PostgreSQL": db} if db else {})}.items():
        with SqlRegistry.open(url, create=True) as sql:
            with sql.database.write() as connection:
                many = [{**values, "version": number, "checksum": str(number)} for number in range(1, count + 1)]
                connection.execute(insert(versions), many)
            yield _listed(title, sql.versions, sql.versions, count)


def _listed(title: str, first: Callable[[], Any], again: Callable[[], Any], count: int) -> list[str]:
    cells = [title, f"{count:,}"]
    for each in (first, again):
        began = time.perf_counter()
        assert len(each()) == count, "all of them are listed"
        cells.append(f"{time.perf_counter() - began:.3f}")
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=1.0, help="of calls for each figure")
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2, help="of training")
    parser.add_argument("--db", help="a database besides SQLite; it must hold no models")
    parser.add_argument("--quick", action="store_true", help="a tenth of all")
    given = parser.parse_args()
    part = 10 if given.quick else 1
    torch.set_num_threads(1)
    fits, models = training(given.rows // part, given.threads)
    print(f"Training on {given.rows // part:,} x {INPUTS}\n")
    print(table(["fit", "rounds", "trees", "s"], fits), end="\n\n")
    models = others(models, given.threads)
    models = {name: load(model.kind, model.files()) for name, model in models.items()}
    print("Predictions, ms\n")
    header = ["one call", *(f"{what} of {symbols}" for symbols in SYMBOLS for what in ("p50", "p99"))]
    print(table(header, list(predictions(models, given.seconds / part))), end="\n\n")
    print("History\n")
    print(table(["one call", "rows", "rows/s"], list(history(models, given.rows // part))), end="\n\n")
    with tempfile.TemporaryDirectory() as temporary:
        print("Start of a process until the first answer\n")
        print(table(["walk", "s"], list(start(models["classifier"], Path(temporary)))), end="\n\n")
        print("Registry\n")
        listed = registries(given.versions // part, Path(temporary), given.db)
        print(table(["kept in", "versions", "listed, s", "again, s"], list(listed)))


if __name__ == "__main__":
    main()
