"""No edge: what training and the gates make of a market in which nothing can be known.

For each seed a new random walk, the whole pipeline refitted on it (walk-forward tests, then the model that would be
shipped), and that model put to the gates on candles that come later, against who knows and does nothing. Trades are
free, so that fees stop nobody.

    python benchmarks/no_edge.py --seeds 10 --jobs 2
    python benchmarks/no_edge.py --kind predictor --seeds 20 --jobs 2

Two p-values of the held-out log-loss gain over the training prior, both by circular block bootstrap:

- *of the gain*: of "the gain is 0 or less", what the log-loss gate asks. A model that was fitted to noise does worse
  than the prior by what its noise costs, so under no edge these lie above uniform: the gate errs on the safe side.
- *of knowledge*: of "the gain is no more than it would be on average if each outcome were drawn from the training
  prior, whatever the model said". That average is minus the divergence of what was said from the prior, row by row.
  Under no edge these are uniform, which Kolmogorov and Smirnov's test checks.

Exits 1 unless the latter is uniform (p > 0.01) and at most 3 in 100 seeds are promoted, none of fewer than 34.
"""

import argparse
import math
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before the libraries are there

import numpy as np
from numpy.typing import NDArray
from table import table

Array = NDArray[np.float64]

HOUR = 3_600_000
SIGMA = 0.01
"""Standard deviation of an hour's log return."""
SYMBOL = "WALK/USDT"
ALLOWED = 0.03
"""Promotions a seed."""


@dataclass(frozen=True)
class Task:
    """What is trained: `rows` candles to learn from, `later` to be judged on. A fixed band, since one that follows the
    volatility found would make the classes depend on features."""

    kind: str
    rows: int
    later: int
    features: str | None
    label: str


TREES = Task("classifier", 20_000, 4_500, None, "direction:6c,band=1.05%,fee=0")
# 5,000 windows, since the first candles have not all features yet; and 500 labels of 18 candles that do not overlap, or
# the gate of labels alone would stop them all.
NETWORK = Task("predictor", 5_550, 10_500, "sequence", "direction:6c,18c,band=1.05%,fee=0")
TASKS = {each.kind: each for each in (TREES, NETWORK)}


@dataclass(frozen=True)
class Outcome:
    seed: int
    gain: float
    of_gain: float
    of_knowledge: float
    stopped_by: tuple[str, ...]
    seconds: float


def walk(count: int, seed: int) -> Array:
    """Candles (6, count) of an hour each: a random walk whose every hour is made of 12 steps."""
    random = np.random.default_rng([seed, 20_240])
    steps = random.normal(-(SIGMA**2) / 2 / 12, SIGMA / math.sqrt(12), (count, 12))
    path = 100.0 * np.exp(np.cumsum(steps.reshape(-1))).reshape(count, 12)
    opens = np.concatenate(([100.0], path[:-1, -1]))
    every = np.column_stack((opens, path))
    ts = 1_577_836_800_000 + HOUR * np.arange(count, dtype=np.float64)
    volume = random.lognormal(3.0, 1.0, count)
    return np.stack((ts, opens, every.max(axis=1), every.min(axis=1), path[:, -1], volume))


def one(task: Task, folds: int, epochs: int, seed: int) -> Outcome:
    """The whole pipeline over one walk."""
    from papertape.cli.features_build import installed
    from papertape.market.timeframe import period
    from papertape_ml.promotion.comparison import less_lost
    from papertape_ml.promotion.evidence import answers, begin_of, evidence_of, feature_set, memory
    from papertape_ml.promotion.judged import judged, prior
    from papertape_ml.promotion.judgement import verdict
    from papertape_ml.promotion.subject import subject_of
    from papertape_ml.registry.json_registry import JsonRegistry
    from papertape_ml.serving.verdicts import Verdicts
    from papertape_ml.training.trained import published

    began = time.monotonic()
    catalogue = installed()
    whole = walk(task.rows + task.later, seed)
    trained = _trained(task, catalogue, whole[:, : task.rows], folds, epochs, seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with JsonRegistry.open(place / "models", create=True) as registry:
            subject = subject_of(registry, published(registry, trained, "walk", 1), Verdicts(place / "verdicts"))
    # As `papertape models promote` judges; the answers are kept for the second p-value.
    wanted = feature_set(subject, catalogue, (SYMBOL,), None)
    begin = begin_of([subject], memory([subject], [wanted], 1), subject.label.horizon(period(subject.timeframe)))
    evidence = evidence_of({SYMBOL: whole}, subject.timeframe, subject.label, begin, int(whole[0, -1]) + HOUR)
    outputs = subject.manifest.contract.outputs
    said = answers(subject, wanted, evidence)
    this = judged(str(subject), evidence, outputs, said)
    found = verdict(subject, None, evidence, [this], [])
    shares = subject.manifest.statistics.get("classes")
    gained = less_lost(evidence, prior(evidence, outputs, shares), this)
    assert gained is not None, "a model of trees answers everywhere, a network after its first window"
    return Outcome(seed, gained.mean, gained.p_value, _of_knowledge(evidence, outputs, said, shares),
                   tuple(found.stopped_by), time.monotonic() - began)  # fmt: skip


def _of_knowledge(evidence: Any, outputs: tuple[str, ...], said: Array, shares: Any) -> float:
    from papertape_ml.judging.bootstrap import block_bootstrap, block_for
    from papertape_ml.judging.claims import UNKNOWN, claims_of
    from papertape_ml.promotion.comparison import SEED
    from papertape_ml.promotion.judged import prior_answers

    before, _ = prior_answers(evidence, outputs, shares)
    beyond = np.zeros(len(evidence))
    for claim in claims_of(evidence.label, outputs):
        happened = claim.happened(evidence.label, evidence.y)
        assert (happened != UNKNOWN).all(), "every class is spoken of"
        ratio = np.log(np.clip(claim.probabilities(said), 1e-15, None)) - np.log(claim.probabilities(before))
        expected = (claim.probabilities(before) * ratio).sum(axis=1)
        beyond += ratio[np.arange(len(ratio)), happened] - expected
    known = beyond[~np.isnan(beyond)]
    return block_bootstrap(known, block_for(len(known), evidence.steps), SEED).p_value


def _trained(task: Task, catalogue: Any, candles: Array, folds: int, epochs: int, seed: int) -> Any:
    from papertape.features.feature_set import FeatureSet
    from papertape.features.named_sets import named_set
    from papertape_ml.data import from_candles
    from papertape_ml.labels import parse

    market = {SYMBOL: np.ascontiguousarray(candles)}
    if task.kind == "classifier":
        from papertape_ml.models.settings import BoosterSettings
        from papertape_ml.training.classifiers import train
        from papertape_ml.training.config import TrainConfig

        wanted = FeatureSet(tuple(named_set(catalogue, "signal")), "1h", (SYMBOL,))
        config = TrainConfig(kind=task.kind, settings=BoosterSettings(threads=1), folds=folds, seed=seed)
        return train(from_candles(market, wanted, parse(task.label)), market, wanted, config)
    from papertape_ml.networks.sequences import sequences
    from papertape_ml.networks.settings import preset
    from papertape_ml.networks.shape import default_shape
    from papertape_ml.networks.walk import train as train_network
    from papertape_ml.networks.windows import SEQUENCE

    wanted = FeatureSet(tuple(catalogue.select(SEQUENCE)), "1h", (SYMBOL,))
    windows = sequences(market, wanted, parse(task.label))
    settings = preset("lstm", seed=seed, threads=1, epochs=epochs)
    horizons = len(windows.horizons)
    shape = default_shape("lstm", len(windows.dataset.names), windows.window, horizons, settings.dropout)
    return train_network(windows, shape, settings, folds)


def main() -> int:
    """Prints a line for each seed on stderr, then the table."""
    parser = argparse.ArgumentParser(description="Train and promote where there is nothing to know.")
    parser.add_argument("--kind", choices=sorted(TASKS), default="classifier")
    parser.add_argument("--seeds", type=int, help="how many (default: 100 for trees, 20 for networks)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first of them (default 0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes of one thread each (default 2)")
    parser.add_argument("--folds", type=int, help="walk-forward tests (default: 5 for trees, 1 for networks)")
    parser.add_argument("--epochs", type=int, default=4, help="of a network (default 4)")
    options = parser.parse_args()
    trees = options.kind == "classifier"
    count = options.seeds or (100 if trees else 20)
    run = partial(one, TASKS[options.kind], options.folds or (5 if trees else 1), options.epochs)
    began, done = time.monotonic(), list[Outcome]()
    with ProcessPoolExecutor(options.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(run, range(options.first, options.first + count)):
            done.append(found)
            stopped = ", ".join(found.stopped_by) or "NOTHING"
            print(f"seed {found.seed}: gain {found.gain:+.5f}, p {found.of_gain:.3f} and {found.of_knowledge:.3f}, "
                  f"stopped by {stopped}, {found.seconds:.1f} s", file=sys.stderr, flush=True)  # fmt: skip
    from papertape_ml.judging.uniformity import uniform_p

    promoted = [each.seed for each in done if not each.stopped_by]
    flat = uniform_p([each.of_knowledge for each in done])
    gates = sorted({gate for each in done for gate in each.stopped_by})
    rows = [
        ["mean gain of log loss, nats a row", f"{np.mean([each.gain for each in done]):+.5f}"],
        ["p of the gain below 0.05", f"{np.mean([each.of_gain < 0.05 for each in done]):.3f}"],
        ["p of knowledge below 0.05", f"{np.mean([each.of_knowledge < 0.05 for each in done]):.3f}"],
        ["p of the gain, uniform: p", f"{uniform_p([each.of_gain for each in done]):.4f}"],
        ["p of knowledge, uniform: p", f"{flat:.4f}"],
        *([f"stopped by {gate}", f"{sum(gate in each.stopped_by for each in done)}"] for gate in gates),
        ["promoted", f"{len(promoted)} of {count}" + (f" (seeds {promoted})" if promoted else "")],
        ["minutes", f"{(time.monotonic() - began) / 60:.1f}"],
    ]  # fmt: skip
    print(table([f"{options.kind}, {TASKS[options.kind].rows:,} candles", f"{count} seeds"], rows))
    return 0 if flat > 0.01 and len(promoted) <= ALLOWED * count else 1


if __name__ == "__main__":
    sys.exit(main())
