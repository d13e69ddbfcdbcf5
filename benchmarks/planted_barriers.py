"""How much of a planted edge the default training finds behind a triple barrier, where labels overlap and nobody can
write their probabilities down: they are counted on paths that go on from a state.

The market is a walk with fat steps whose next log return leans by -a sigma tanh(d / spread) on d = `price_vs_ema_21`,
one of the model's 28 inputs. A candle opens at the close before it and has no wicks, so d alone says how the market may
go on: close and average move on together by d and the return. The label is stop, time or target of a long, decided by
the library on the candles that came.

H(label | inputs) is the mean entropy over states drawn from the candles that are held out; each one's chances are
counted on forward paths of the same market. The model is asked about the same states, and its loss is the expectation
over these chances, so that no luck of outcomes is in it. Counting leaves an error of its own: the entropy of counts is
too low by (classes - 1) / (2 paths) on average, which is added (Miller 1955).

    python benchmarks/planted_barriers.py                   # some minutes
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
from numba import njit
from planted_edge import shipped
from table import table
from workloads import FIRST_OPEN, MINUTE

from papertape.cli.features_build import installed
from papertape.features.feature_set import FeatureSet
from papertape.features.named_sets import named_set
from papertape_ml.data.build import from_candles
from papertape_ml.labels import parse
from papertape_ml.models.contract import Array
from papertape_ml.models.settings import PRESETS
from papertape_ml.training.config import TrainConfig

SIGMA = 0.001
"""Standard deviation of a candle's log return."""
SPREAD = 0.003
"""Of d, about as far as it goes."""
AVERAGE = 2 / (21 + 1)
WARM = 1_000
STOP, TIME, TARGET = 0, 1, 2
COLUMNS = (TARGET, STOP, TIME)
"""What the classifier's columns buy, sell and hold mean."""


@njit(cache=False)  # type: ignore[untyped-decorator]
def returned(apart: float, lean: float) -> float:
    """The next log return where the close is `apart` from its average, as a fraction of it."""
    step = np.random.standard_normal() * (2.0 if np.random.random() < 0.1 else 0.8165)  # variance 1
    return float(SIGMA * (step - lean * np.tanh(apart / SPREAD)))


@njit(cache=False)  # type: ignore[untyped-decorator]
def moved(apart: float, gone: float) -> float:
    """How far the close is from its average after a log return."""
    close = (1 + apart) * np.exp(gone)
    return float(close / (1 + AVERAGE * (close - 1)) - 1)


@njit(cache=False)  # type: ignore[untyped-decorator]
def walk(count: int, lean: float, seed: int) -> Any:
    """Closes (count,) from 100 on."""
    np.random.seed(seed)
    closes, apart = np.empty(count), 0.0
    level = np.log(100.0)
    for at in range(count):
        gone = returned(apart, lean)
        level += gone
        apart = moved(apart, gone)
        closes[at] = np.exp(level)
    return closes


@njit(cache=False)  # type: ignore[untyped-decorator]
def forward(states: Any, paths: int, lean: float, wide: float, candles: int, seed: int) -> Any:
    """How often a long from each state ends at stop, time and target (n, 3)."""
    np.random.seed(seed)
    found = np.zeros((len(states), 3))
    low, high = np.log(1 - wide), np.log(1 + wide)
    for which in range(len(states)):
        for _ in range(paths):
            apart, level, ended = states[which], 0.0, TIME
            for _ in range(candles):
                gone = returned(apart, lean)
                level += gone
                apart = moved(apart, gone)
                if level <= low or level >= high:
                    ended = STOP if level <= low else TARGET
                    break
            found[which, ended] += 1
    return found / paths


def candles_of(closes: Array, seed: int) -> Array:
    """Candles (6, n) without wicks; volume says nothing."""
    opens = np.concatenate(([100.0], closes[:-1]))
    ts = FIRST_OPEN + MINUTE * np.arange(len(closes), dtype=np.float64)
    volume = np.exp(np.random.default_rng(seed).standard_normal(len(closes)))
    return np.array([ts, opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, volume])


def judged(chances: Array, told: Array, paths: int) -> tuple[float, float, float]:
    """Information in the inputs (nats), skill share and excess-accuracy share, by chances that were counted."""
    prior = chances.mean(axis=0)
    before = float(-(prior * np.log(prior)).sum())
    least = float(-np.where(chances > 0, chances * np.log(np.maximum(chances, 1e-300)), 0).sum(axis=1).mean())
    least += (chances.shape[1] - 1) / (2 * paths)
    loss = float(-(chances * np.log(told)).sum(axis=1).mean())
    right = float(chances[np.arange(len(told)), told.argmax(axis=1)].mean())
    chance, best = float(prior.max()), float(chances.max(axis=1).mean())
    return before - least, (before - loss) / (before - least), (right - chance) / (best - chance)


def main() -> None:
    """The table, on stdout."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    asked.add_argument("--leans", type=float, nargs="+", default=[0.2, 0.4, 0.8], help="a: of sigma, by candle")
    asked.add_argument("--wide", type=float, default=0.25, help="stop and target, percent of the entry")
    asked.add_argument("--horizon", type=int, default=15, help="candles")
    asked.add_argument("--states", type=int, default=2_000)
    asked.add_argument("--paths", type=int, default=10_000)
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--seed", type=int, default=7)
    given = asked.parse_args()
    wanted = FeatureSet(named_set(installed(), "signal"), "1m", ("X",))
    spec = parse(f"triple-barrier:{given.wide}%,{given.wide}%,{given.horizon}c")
    config = TrainConfig(kind="classifier", settings=replace(PRESETS["default"], threads=given.threads))
    most, held = max(given.rows), 20 * given.states
    lines = []
    for lean in given.leans:
        candles = candles_of(walk(WARM + most + held, lean, given.seed), given.seed)
        whole = from_candles({"X": candles}, wanted, spec)
        known = np.flatnonzero(~np.isnan(whole.features).any(axis=1))
        whole = whole.take(known)
        learnable = np.flatnonzero(whole.t1 <= whole.t0[-held])  # what is learned was decided before what is held out
        states = np.sort(np.random.default_rng(given.seed).choice(held, given.states, replace=False)) - held
        inputs = np.ascontiguousarray(whole.features[states])
        apart = inputs[:, whole.names.index("price_vs_ema_21")]
        counted = forward(apart, given.paths, lean, given.wide / 100, given.horizon, given.seed)
        chances = np.ascontiguousarray(counted[:, COLUMNS])
        for count in given.rows:
            began = time.perf_counter()
            found, rounds = shipped(whole.take(learnable[-count:]), config)
            information, skill, right = judged(chances, found.model.predict(inputs)[:, :3], given.paths)
            many = ", ".join(map(str, rounds or found.rounds))
            took = time.perf_counter() - began
            figures = [f"{information:.4f}", many, f"{skill:.3f}", f"{right:.3f}", f"{took:.1f}"]
            lines.append([f"{lean:.2f}", f"{count:,}", *figures])
            print(*lines[-1], sep="  ", file=sys.stderr, flush=True)
    print(table(["lean", "rows", "information", "rounds", "skill share", "excess-accuracy share", "s"], lines))


if __name__ == "__main__":
    main()
