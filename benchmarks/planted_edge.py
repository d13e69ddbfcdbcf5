"""How much of a planted edge the default training finds: skill share and excess-accuracy share, against rows.

The candles are a seeded walk, the inputs are the 28 features of the set `signal`, and the labels are drawn from
probabilities that are a known function of two of them (beside 26 that say nothing new, many nearly the same as those
two). So the entropy of the label given the inputs is known exactly, row by row. All classes are equally likely over all
rows: whoever knows nothing is right in one of so many cases, and the edge is what is known beyond that.

    signal     buy and sell against each other: a (tanh(2 trade_imbalance)/2 - tanh((rsi_14 - 50)/12)), hold by a shift
    gate       act: a (tanh(volume_zscore) + tanh((adx_14 - 25)/10)/2)
    direction  up: as the signal's

The factor a is chosen for a Bayes accuracy of 0.05, 0.10 and 0.20 above chance. What is trained is what `papertape
train` ships: rounds by walk-forward folds, fitted again on all but a calibration tail, calibrated on that. It is judged
on 50,000 rows that come after; the shares are expectations over the labels given the inputs, so that no luck of drawn
labels is in them.

    skill share            (H(prior) - loss) / (H(prior) - H(label | inputs))
    excess-accuracy share  (accuracy - chance) / (Bayes accuracy - chance)

    python benchmarks/planted_edge.py                      # some minutes
    python benchmarks/planted_edge.py --rows 100000 --tasks classifier --preset seed
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from table import table
from workloads import FIRST_OPEN, MINUTE, walk

from papertape.cli.features_build import installed
from papertape.features.feature_set import FeatureSet
from papertape.features.named_sets import named_set
from papertape.features.timeframes import whole_history
from papertape_ml.data.dataset import Dataset
from papertape_ml.labels import parse
from papertape_ml.models.contract import Array
from papertape_ml.models.settings import PRESETS
from papertape_ml.models.softmax import softmax
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.fit import Fit, sample_of
from papertape_ml.training.folds import folds_of, tail
from papertape_ml.training.held_out import fitted, learnable_rows

HELD = 50_000
WARM = 1_000
EDGES = (0.05, 0.10, 0.20)
Known = dict[str, Array]


def _side(known: Known) -> Array:
    return np.tanh(2 * known["trade_imbalance"]) / 2 - np.tanh((known["rsi_14"] - 50) / 12)


def _acting(known: Known) -> Array:
    return np.tanh(known["volume_zscore"]) + np.tanh((known["adx_14"] - 25) / 10) / 2


@dataclass(frozen=True)
class Task:
    """`lean`: of inputs by name (n,); `margins`: of that, times a, with a shift, in the order of the model's columns;
    `values`: the label's number for each of these columns."""

    lean: Callable[[Known], Array]
    margins: Callable[[Array, float], Array]
    values: tuple[int, ...]


TASKS = {
    "classifier": Task(_side, lambda lean, shift: np.stack((lean, -lean, np.full(len(lean), shift))), (2, 0, 1)),
    "gate": Task(_acting, lambda lean, shift: np.stack((np.zeros(len(lean)), lean + shift)), (1, 2)),
    "direction": Task(_side, lambda lean, shift: np.stack((np.zeros(len(lean)), lean + shift)), (0, 2)),
}


def inputs(count: int, seed: int) -> tuple[FeatureSet, Array]:
    """The feature set, and its values (count, 28) at the closes of a walk's candles."""
    found = installed()
    wanted = FeatureSet(named_set(found, "signal"), "1m", ("X",))
    columns = walk(np.random.default_rng(seed), count + WARM)
    ts = FIRST_OPEN + MINUTE * np.arange(count + WARM, dtype=np.float64)
    candles = np.array([ts, *(columns[name] for name in ("open", "high", "low", "close", "volume"))])
    values = whole_history(wanted.features, ["X"], [candles], "1m")[WARM:, 0, :]
    return wanted, np.ascontiguousarray(values)


def planted(task: Task, known: Known, edge: float) -> Array:
    """The probabilities (n, classes): classes equally likely on average, Bayes accuracy above that by `edge`."""
    lean = task.lean(known)

    def chances(factor: float) -> Array:
        shift = _solved(lambda shift: softmax(task.margins(factor * lean, shift))[-1].mean(), 1 / len(task.values))
        return softmax(task.margins(factor * lean, shift)).T

    factor = _solved(lambda factor: float(chances(factor).max(axis=1).mean()) - 1 / len(task.values), edge, low=0.0)
    return chances(factor)


def _solved(rising: Callable[[float], float], wanted: float, low: float = -10.0, high: float = 10.0) -> float:
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return low


def dataset(wanted: FeatureSet, values: Array, y: NDArray[np.int64]) -> Dataset:
    """The rows as training takes them; a label is over a minute after its candle's close."""
    count = len(y)
    ts = FIRST_OPEN + MINUTE * np.arange(count, dtype=np.int64)
    return Dataset(
        features=values,
        names=tuple(feature.asked for feature in wanted.features),
        feature_set=wanted.document(),
        label=parse("direction:1c"),
        timeframe="1m",
        symbols=("X",),
        symbol=np.zeros(count, np.int64),
        ts=ts,
        t0=ts + MINUTE,
        t1=ts + 2 * MINUTE,
        y=y,
        profit=None,
        weight=np.ones(count),
        dropped={},
        horizon=MINUTE,
        warmup=MINUTE,
    )


def shipped(given: Dataset, config: TrainConfig) -> tuple[Fit, list[int]]:
    """The model as it is shipped, and the rounds that its folds stopped at."""
    aim, learnable = learnable_rows(given, config)
    whole, rounds = sample_of(learnable, aim), None
    if config.settings.patience is not None:
        parts = folds_of(learnable, config.folds).learned
        found = [fitted(aim, given.names, whole, (p.fit, p.stop, p.calibrate), config, None, None, "") for p in parts]
        rounds = (round(float(np.median([each.rounds for each in found]))),)
    before, last = tail(learnable)
    return fitted(aim, given.names, whole, (before, None, last), config, rounds, None, ""), list(rounds or ())


def judged(chances: Array, told: Array) -> tuple[float, float, float]:
    """Information in the inputs (nats), skill share, excess-accuracy share, of probabilities that are known."""
    prior = chances.mean(axis=0)
    before = float(-(prior * np.log(prior)).sum())
    least = float(-(chances * np.log(chances)).sum(axis=1).mean())
    loss = float(-(chances * np.log(told)).sum(axis=1).mean())
    right = float(chances[np.arange(len(told)), told.argmax(axis=1)].mean())
    chance, best = float(prior.max()), float(chances.max(axis=1).mean())
    return before - least, (before - loss) / (before - least), (right - chance) / (best - chance)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--edges", type=float, nargs="+", default=list(EDGES))
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--preset", default="default", choices=sorted(PRESETS))
    parser.add_argument("--backend", default="xgboost")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    most = max(given.rows)
    wanted, values = inputs(most + HELD, given.seed)
    names = [feature.asked for feature in wanted.features]
    known = {name: values[:, names.index(name)] for name in names}
    rows: list[list[str]] = []
    for name in given.tasks:
        settings = replace(PRESETS[given.preset], backend=given.backend, threads=given.threads)
        config = TrainConfig(kind=name, settings=settings, folds=given.folds)
        for edge in given.edges:
            chances = planted(TASKS[name], known, edge)
            drawn = (np.random.default_rng([given.seed, 1]).random(len(chances))[:, None] > chances.cumsum(axis=1)).sum(
                1
            )
            y = np.array(TASKS[name].values)[np.minimum(drawn, len(TASKS[name].values) - 1)]
            for count in given.rows:
                row = _row(wanted, values, chances, y, most - count, most, config)
                rows.append([name, f"{edge:.2f}", f"{count:,}", *row])
                print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    header = ["model", "edge", "rows", "information", "rounds", "skill share", "excess-accuracy share", "s"]
    print(table(header, rows))


def _row(
    wanted: FeatureSet, values: Array, chances: Array, y: Any, first: int, last: int, config: TrainConfig
) -> list[str]:
    """Learns from the rows first..last, and is judged on those that come after."""
    began = time.perf_counter()
    found, rounds = shipped(dataset(wanted, values[first:last], y[first:last]), config)
    seconds = time.perf_counter() - began
    told = found.model.predict(np.ascontiguousarray(values[last:]))[:, : chances.shape[1]]
    information, skill, accuracy = judged(chances[last:], told)
    many = ", ".join(map(str, rounds or found.rounds))
    return [f"{information:.4f}", many, f"{skill:.3f}", f"{accuracy:.3f}", f"{seconds:.1f}"]


if __name__ == "__main__":
    main()
